// Saves by some ranks, loads by others: every decomposition of an array is as good as another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <numeric>
#include <random>

#include "checkpoint/src/session.h"
#include "tests/support/checkpoint/fake_ranks.h"
#include "tests/support/checkpoint/faulty_file_system.h"
#include "tests/unit/checkpoint/test_store.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;

const std::vector<std::uint64_t> kShape = {8, 6, 10};

// Rank r of n: slabs along dimension `along`, the last ranks may have none.
ckpt::Box Slab(int rank, int ranks, std::size_t along) {
  ckpt::Box box{{0, 0, 0}, kShape};
  const std::uint64_t each =
      (kShape[along] + static_cast<std::uint64_t>(ranks) - 1) / static_cast<std::uint64_t>(ranks);
  const std::uint64_t begin = std::min(kShape[along], each * static_cast<std::uint64_t>(rank));
  box.offset[along] = begin;
  box.count[along] = std::min(each, kShape[along] - begin);
  return box;
}

// Element i of the global array is i + 1000 * step.
std::vector<std::int64_t> Numbers(const ckpt::Box& box, std::int64_t step) {
  std::vector<std::int64_t> all(8 * 6 * 10);
  std::iota(all.begin(), all.end(), 1000 * step);
  const ckpt::Box global{{0, 0, 0}, kShape};
  std::vector<std::int64_t> mine(box.elements());
  ckpt::CopyBox(box, global, all.data(), box, mine.data(), sizeof(std::int64_t));
  return mine;
}

struct Job {
  SessionPtr session;
  ckpt::Box box;
  std::vector<std::int64_t> data;
};

Job Start(const bsub_checkpoint_collectives& table, const ckpt::SessionOptions& options, std::size_t along,
          ckpt::FileSystem& files = ckpt::PosixFileSystem()) {
  Job job;
  auto opened = ckpt::Session::Open(files, std::make_unique<ckpt::Ranks>(table), options);
  EXPECT_TRUE(opened) << opened.error().message;
  job.session = std::move(*opened);
  job.box = Slab(table.rank, table.ranks, along);
  job.data.resize(job.box.elements());
  EXPECT_TRUE(job.session->declarations().AddDataset("u", BSUB_CHECKPOINT_INT64, 3, kShape.data(),
                                                     job.box.offset.data(), job.box.count.data(),
                                                     job.data.data()));
  return job;
}

void SaveBy(int ranks, std::size_t along, std::int64_t step, const ckpt::SessionOptions& options) {
  FakeRanks(ranks).Run([&](const bsub_checkpoint_collectives& table) {
    Job job = Start(table, options, along);
    job.data = Numbers(job.box, step);
    EXPECT_TRUE(job.session->declarations().parts().empty() ||
                job.session->declarations().Move("u", job.data.data()));
    const ckpt::Done saved = job.session->Save(static_cast<std::uint64_t>(step));
    EXPECT_TRUE(saved) << saved.error().message;
    EXPECT_TRUE(job.session->Close());
  });
}

void ExpectLoadedBy(int ranks, std::size_t along, std::int64_t step, const ckpt::SessionOptions& options) {
  FakeRanks(ranks).Run([&](const bsub_checkpoint_collectives& table) {
    Job job = Start(table, options, along);
    const auto loaded = job.session->Load();
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(*loaded, static_cast<std::uint64_t>(step));
    EXPECT_EQ(job.data, Numbers(job.box, step)) << "rank " << table.rank << " of " << ranks;
    EXPECT_TRUE(job.session->Close());
  });
}

TEST(Ranks, SaveAndLoadWithAnyDecomposition) {
  const TestDirectory directory;
  std::int64_t step = 0;
  for (const int savers : {1, 3, 4}) {
    for (const std::size_t along : {0u, 2u}) {
      SaveBy(savers, along, ++step, QuietOptions(directory.path()));
      for (const int loaders : {1, 2, 5}) {
        ExpectLoadedBy(loaders, 0, step, QuietOptions(directory.path()));
        ExpectLoadedBy(loaders, 1, step, QuietOptions(directory.path()));
      }
    }
  }
}

TEST(Ranks, CompressedAndAsynchronous) {
  const TestDirectory directory;
  ckpt::SessionOptions options = QuietOptions(directory.path());
  options.saver.save.compression = 1;
  options.saver.asynchronous = true;
  SaveBy(3, 1, 4, options);
  ExpectLoadedBy(2, 0, 4, options);
}

TEST(Ranks, ADifferentialSaveOfSeveralRanks) {
  const TestDirectory directory;
  ckpt::SessionOptions options = QuietOptions(directory.path());
  options.saver.differential = 4;
  FakeRanks(3).Run([&](const bsub_checkpoint_collectives& table) {
    Job job = Start(table, options, 0);
    const std::vector<std::int64_t> first = Numbers(job.box, 1);
    std::copy(first.begin(), first.end(), job.data.begin());
    EXPECT_TRUE(job.session->Save(1));
    if (table.rank == 1) job.data[3] = -3;
    EXPECT_TRUE(job.session->Save(2));
    EXPECT_TRUE(job.session->facts().last_save.differential);
    EXPECT_TRUE(job.session->Close());
  });
  FakeRanks(2).Run([&](const bsub_checkpoint_collectives& table) {
    Job job = Start(table, options, 0);
    ASSERT_TRUE(job.session->Load());
    std::vector<std::int64_t> expected = Numbers(job.box, 1);
    // Rank 1 of 3 began with line 3 of 8, rank 0 of 2 has the first four.
    if (table.rank == 0) expected[3 * 60 + 3] = -3;
    EXPECT_EQ(job.data, expected);
  });
}

// Whatever call fails at one rank: all ranks return the same words, and the generation before is loaded.
TEST(Ranks, AllHearOfOneRanksFailure) {
  std::uint64_t failures = 0;
  for (std::uint64_t call = 1;; ++call) {
    const TestDirectory directory;
    SaveBy(2, 0, 1, QuietOptions(directory.path()));
    FaultyFileSystem unlucky(directory.path());
    unlucky.FailAt(call, false);
    std::mutex mutex;
    std::vector<std::string> messages;
    FakeRanks(2).Run([&](const bsub_checkpoint_collectives& table) {
      Job job = Start(table, QuietOptions(directory.path()), 0,
                      table.rank == 1 ? unlucky : ckpt::PosixFileSystem());
      const ckpt::Done saved = job.session->Save(2);
      const std::lock_guard lock(mutex);
      messages.push_back(saved ? "saved" : saved.error().message);
    });
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[0], messages[1]);
    if (unlucky.calls() < call) break;
    ++failures;
    EXPECT_THAT(messages[0], HasSubstr("rank 1: call " + std::to_string(call)));
    ExpectLoadedBy(2, 0, 1, QuietOptions(directory.path()));
  }
  EXPECT_GT(failures, 4u) << "making the shard, writing, syncing, renaming, syncing the directory";
}

TEST(Ranks, DeclarationsThatDifferAreRefusedOnAllRanks) {
  const TestDirectory directory;
  FakeRanks(2).Run([&](const bsub_checkpoint_collectives& table) {
    Job job = Start(table, QuietOptions(directory.path()), 0);
    double extra = 0;
    if (table.rank == 1) {
      EXPECT_TRUE(job.session->declarations().AddValue("extra", BSUB_CHECKPOINT_FLOAT64, 1, &extra));
    }
    const ckpt::Done saved = job.session->Save(1);
    ASSERT_FALSE(saved);
    EXPECT_EQ(saved.error().status, BSUB_CHECKPOINT_INVALID);
    EXPECT_THAT(saved.error().message, HasSubstr("rank 1: the declarations differ"));
  });
}

}  // namespace
}  // namespace bsub::testing
