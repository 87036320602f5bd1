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

TEST_F(SnapshotCodecTest, HowTheNodesOfAnAttemptStandSurvivesToo) {
  sched::State state = *DecodedState(ChunksOf(this->state()));
  sched::Job& job = state.jobs.at(JobId(1));
  auto settings = std::make_shared<JobSettings>(*job.spec.settings);
  settings->gang.nodes = 2;
  settings->gang.placement = *ParsePlacement("partition=2:preferred@5m");
  job.spec.settings = settings;
  job.task.saved_generation = 8;
  job.task.attempt = std::make_unique<sched::Attempt>();
  job.task.attempt->gang = std::make_unique<sched::Gang>();
  sched::Gang& gang = *job.task.attempt->gang;
  gang.parts.resize(2);
  const sched::PlacementRecord placement{
      PlacementPolicy::kPartition, false, "spine", "c/s1", {2, 3, 20, 5}, {1, 1, 5, 9}, {0, 1}};
  gang.placement = std::make_shared<const sched::PlacementRecord>(placement);
  gang.ending_elapsed_us = 60'000'000;
  gang.told = {9, TimePoint(10), TimePoint(11), true, TimePoint(12)};
  const auto back = DecodedState(ChunksOf(state));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back->jobs.at(JobId(1)).task.attempt->gang->placement, placement);
  EXPECT_EQ(back->jobs.at(JobId(1)).task.attempt->gang->ending_elapsed_us, 60'000'000);
  EXPECT_EQ(back->jobs.at(JobId(1)).task.attempt->gang->told, gang.told);
  EXPECT_EQ(back->jobs.at(JobId(1)).task.saved_generation, 8u);
  EXPECT_EQ(back->jobs.at(JobId(1)).spec.settings->gang.placement, settings->gang.placement);
  EXPECT_EQ(sched::HashOf(*back), sched::HashOf(state));
  const std::uint64_t before = sched::HashOf(state);
  gang.placement = nullptr;
  EXPECT_NE(sched::HashOf(state), before) << "the state's hash knows it";
  const std::uint64_t told = sched::HashOf(state);
  gang.told = {};
  EXPECT_NE(sched::HashOf(state), told) << "and this";
}

TEST_F(SnapshotCodecTest, NamesEachPayloadOnce) {
  // Three commands, two environments.
  EXPECT_EQ(PayloadsNamedBy(state()).size(), 5u);
}

}  // namespace
}  // namespace bsub::journal::test
