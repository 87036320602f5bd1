#include "scheduler/journal/snapshot_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/core/state_hash.h"
#include "tests/support/journal/core_journal.h"
#include "tests/support/journal/decoded_state.h"

namespace bsub::journal::test {
namespace {

std::vector<std::string> ChunksOf(const sched::State& state, const ChunkLimits& limits = {}) {
  std::vector<std::string> chunks;
  EXPECT_TRUE(EncodeState(state, limits, [&](std::string_view chunk) {
    chunks.emplace_back(chunk);
    return OkStatus();
  }));
  return chunks;
}

Result<std::unique_ptr<sched::Scheduler>> Decode(const std::vector<std::string>& chunks) {
  StateDecoder decoder({});
  for (const std::string& chunk : chunks) {
    BSUB_ASSIGN_OR_RETURN(DecodedChunk decoded, DecodeChunk(chunk));
    BSUB_RETURN_IF_ERROR(decoder.Add(std::move(decoded)));
  }
  return decoder.Finish();
}

// The exit code of a child that has not ended has no meaning, and no part in the state's hash.
bool OnlyAnUnusedExitCodeDiffers(const sched::State& a, const sched::State& b) {
  const auto& one = *a.jobs.at(JobId(2)).array;
  const auto& other = *b.jobs.at(JobId(2)).array;
  int used = 0;
  int unused = 0;
  for (std::uint32_t i = 0; i < one.size(); ++i) {
    if (one.exit_codes.at(i) == other.exit_codes.at(i)) continue;
    ++(other.IsOver(i) || other.started.test(i) || other.FindRow(i) != nullptr ? used : unused);
  }
  return used == 0 && unused == 1;
}

class SnapshotCodecTest : public testing::Test {
 protected:
  SnapshotCodecTest() {
    EXPECT_TRUE(core_.Start());
    const auto worked = core_.RunSomeWork();
    EXPECT_TRUE(worked) << worked.error().message;
  }
  const sched::State& state() { return core_.scheduler().state(); }

  UnsyncedFileSystem files_;
  CoreJournal core_{files_};
};

TEST_F(SnapshotCodecTest, TheStateHashAndEveryByteSurviveARoundTrip) {
  const auto chunks = ChunksOf(state());
  const auto decoded = DecodedState(chunks);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(sched::HashOf(*decoded), sched::HashOf(state()));
  EXPECT_EQ(ChunksOf(*decoded), chunks);
  EXPECT_EQ(decoded->jobs.size(), 3u);
  EXPECT_GT(decoded->jobs.at(JobId(2)).array->rows.size(), 0u);
  EXPECT_TRUE(decoded->jobs.at(JobId(2)).array->succeeded.FirstSet());
}

TEST_F(SnapshotCodecTest, TheCoreGoesOnFromItAsIfNothingHadBeen) {
  const auto restored = Decode(ChunksOf(state()));
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_TRUE((*restored)->CheckInvariants());
  EXPECT_EQ((*restored)->state_hash(), core_.scheduler().state_hash());
  EXPECT_EQ((*restored)->RecomputeStateHash(), core_.scheduler().state_hash());
}

TEST_F(SnapshotCodecTest, ManySmallChunksGiveTheSameState) {
  const auto chunks = ChunksOf(state(), {.jobs = 1, .array_bytes = 1 << 20});
  EXPECT_EQ(chunks.size(), 4u);
  EXPECT_EQ((*Decode(chunks))->state_hash(), sched::HashOf(state()));
}

TEST_F(SnapshotCodecTest, MissingRepeatedOrSwappedChunksAreNoticed) {
  const auto chunks = ChunksOf(state(), {.jobs = 1, .array_bytes = 1 << 20});
  EXPECT_FALSE(Decode({}));
  EXPECT_FALSE(Decode({chunks[0], chunks[1], chunks[2]}));
  EXPECT_FALSE(Decode({chunks[0], chunks[1], chunks[3], chunks[2]}));
  EXPECT_FALSE(Decode({chunks[0], chunks[1], chunks[1], chunks[2], chunks[3]}));
  EXPECT_FALSE(Decode({chunks[1], chunks[0], chunks[2], chunks[3]}));
  EXPECT_FALSE(Decode({chunks[0], chunks[0], chunks[1], chunks[2], chunks[3]}));
}

TEST_F(SnapshotCodecTest, NoChangedByteGoesUnnoticedOrCrashes) {
  const auto chunks = ChunksOf(state());
  const std::uint64_t hash = sched::HashOf(state());
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    for (std::size_t at = 0; at < chunks[c].size(); ++at) {
      auto bad = chunks;
      bad[c][at] = static_cast<char>(bad[c][at] ^ 0x04);
      const auto decoded = DecodedState(bad);
      // What still is a state is another one, and is caught by its hash; or the change said nothing.
      if (!decoded || sched::HashOf(*decoded) != hash) continue;
      EXPECT_TRUE(ChunksOf(*decoded) == chunks || OnlyAnUnusedExitCodeDiffers(*decoded, state()))
          << "chunk " << c << " byte " << at;
    }
  }
}

TEST_F(SnapshotCodecTest, NamesEachPayloadOnce) {
  // Three commands, two environments.
  EXPECT_EQ(PayloadsNamedBy(state()).size(), 5u);
}

}  // namespace
}  // namespace bsub::journal::test
