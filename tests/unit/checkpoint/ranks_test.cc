// Saves by some ranks, loads by others: every decomposition of an array is as good as another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <numeric>
#include <random>
#include <thread>

#include "checkpoint/src/session.h"
#include "checkpoint/src/shard_notes.h"
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
  EXPECT_TRUE(job.session->declarations().AddDataset(
      "u", BSUB_CHECKPOINT_INT64,
      {3, kShape.data(), job.box.offset.data(), job.box.count.data(), job.data.data()}));
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

TEST(Ranks, StepSaysThatTheDeclarationsDiffer) {
  const TestDirectory directory;
  FakeRanks(2).Run([&](const bsub_checkpoint_collectives& table) {
    Job job = Start(table, QuietOptions(directory.path()), 0);
    double extra = 0;
    if (table.rank == 1) {
      EXPECT_TRUE(job.session->declarations().AddValue("extra", BSUB_CHECKPOINT_FLOAT64, 1, &extra));
    }
    bool stop = false;
    const ckpt::Done stepped = job.session->Step(1, &stop);
    ASSERT_FALSE(stepped) << "else it would never save and never hear of a notice";
    EXPECT_EQ(stepped.error().status, BSUB_CHECKPOINT_INVALID);
  });
}

TEST(Ranks, StepSaysThatTheCollectivesFail) {
  const TestDirectory directory;
  FakeRanks(2).Run([&](bsub_checkpoint_collectives table) {
    static std::atomic<bool> works;
    works = true;
    static int (*good)(void*, std::int64_t*, std::uint32_t);
    good = table.maximum;
    table.maximum = [](void* context, std::int64_t* values, std::uint32_t count) {
      return works ? good(context, values, count) : 7;
    };
    Job job = Start(table, QuietOptions(directory.path()), 0);
    EXPECT_TRUE(job.session->Save(1));
    works = false;
    bool stop = false;
    const ckpt::Done stepped = job.session->Step(2, &stop);
    ASSERT_FALSE(stepped);
    EXPECT_THAT(stepped.error().message, HasSubstr("maximum failed with code 7"));
  });
}

TEST(Ranks, PartsThatOverlapOrLeaveHolesAreRefused) {
  for (const auto& [rows, words] :
       {std::pair(5u, "overlap"), std::pair(3u, "all ranks' parts together have 6")}) {
    const TestDirectory directory;
    FakeRanks(2).Run([&, rows = rows, words = words](const bsub_checkpoint_collectives& table) {
      auto session = ckpt::Session::Open(ckpt::PosixFileSystem(), std::make_unique<ckpt::Ranks>(table),
                                         QuietOptions(directory.path()));
      ASSERT_TRUE(session);
      std::vector<double> data(rows);
      const std::uint64_t global[] = {8}, offset[] = {table.rank == 0 ? 0 : 8 - rows}, count[] = {rows};
      ASSERT_TRUE((*session)->declarations().AddDataset("u", BSUB_CHECKPOINT_FLOAT64,
                                                        {1, global, offset, count, data.data()}));
      const ckpt::Done saved = (*session)->Save(1);
      ASSERT_FALSE(saved);
      EXPECT_EQ(saved.error().status, BSUB_CHECKPOINT_INVALID);
      EXPECT_THAT(saved.error().message, HasSubstr(words));
    });
  }
}

// What one rank sees of the store once it is blind: nothing, or no more than the manifests.
class Unmounted : public FaultyFileSystem {
 public:
  explicit Unmounted(const std::string& root) : FaultyFileSystem(root) {}
  std::atomic<bool> blind{false};
  bool manifests_too = true;
  ckpt::Outcome<std::unique_ptr<ckpt::File>> OpenForReading(const std::string& path) override {
    if (!blind) return FaultyFileSystem::OpenForReading(path);
    return ckpt::Damaged(path + " is missing");
  }
  ckpt::Outcome<std::string> ReadWhole(const std::string& path) override {
    if (!blind || !manifests_too) return FaultyFileSystem::ReadWhole(path);
    return ckpt::Failure{BSUB_CHECKPOINT_NOTHING_SAVED, path + " is missing"};
  }
};

TEST(Ranks, ANodeThatDoesNotSeeTheStoreSetsNothingAside) {
  for (const int case_number : {0, 1, 2, 3}) {
    const int blind_rank = case_number / 2;
    const TestDirectory directory;
    SaveBy(2, 0, 1, QuietOptions(directory.path()));
    SaveBy(2, 0, 2, QuietOptions(directory.path()));
    Unmounted lost(directory.path());
    lost.manifests_too = case_number % 2 == 0;
    FakeRanks(2).Run([&](const bsub_checkpoint_collectives& table) {
      Job job =
          Start(table, QuietOptions(directory.path()), 0,
                table.rank == blind_rank ? static_cast<ckpt::FileSystem&>(lost) : ckpt::PosixFileSystem());
      if (table.rank == blind_rank) lost.blind = true;
      const auto loaded = job.session->Load();
      ASSERT_FALSE(loaded);
      EXPECT_EQ(loaded.error().status, BSUB_CHECKPOINT_IO) << loaded.error().message;
      EXPECT_THAT(loaded.error().message, HasSubstr("rank " + std::to_string(blind_rank)));
    });
    ExpectLoadedBy(2, 0, 2, QuietOptions(directory.path()));
  }
}

// A file server that was away is no damage.
class Unreadable : public FaultyFileSystem {
 public:
  // Or it is told to be missing.
  Unreadable(const std::string& root, std::string what, bool there = true)
      : FaultyFileSystem(root), what_(std::move(what)), there_(there) {}
  ckpt::Outcome<std::unique_ptr<ckpt::File>> OpenForReading(const std::string& path) override {
    if (!path.ends_with(what_)) return FaultyFileSystem::OpenForReading(path);
    return there_ ? ckpt::Unreadable(path + ": Input/output error") : ckpt::Damaged(path + " is missing");
  }
  ckpt::Outcome<std::string> ReadWhole(const std::string& path) override {
    if (!path.ends_with(what_)) return FaultyFileSystem::ReadWhole(path);
    return ckpt::Unreadable(path + ": Input/output error");
  }

 private:
  std::string what_;
  bool there_;
};

TEST(Ranks, WhatNobodyCanReadNowIsNotSetAsideForEver) {
  for (const char* what : {"2/shard-00001.h5", "2/master.h5", "2/manifest.json"}) {
    const TestDirectory directory;
    SaveBy(2, 0, 1, QuietOptions(directory.path()));
    SaveBy(2, 0, 2, QuietOptions(directory.path()));
    Unreadable files(directory.path(), what);
    FakeRanks(2).Run([&](const bsub_checkpoint_collectives& table) {
      Job job = Start(table, QuietOptions(directory.path()), 0, files);
      const auto loaded = job.session->Load();
      ASSERT_TRUE(loaded) << what << ": " << loaded.error().message;
      EXPECT_EQ(*loaded, 1u) << what;
    });
    EXPECT_FALSE(std::filesystem::exists(directory / "2/set-aside.json")) << what;
    ExpectLoadedBy(2, 0, 2, QuietOptions(directory.path()));
  }
}

// Two ranks are on a node that misses a file, of which only one needs it. A third, elsewhere, sees it.
TEST(Ranks, WhoIsOnTheSameNodeAsTheOneThatComplainsIsNoWitness) {
  const TestDirectory directory;
  SaveBy(3, 0, 1, QuietOptions(directory.path()));
  SaveBy(3, 0, 2, QuietOptions(directory.path()));
  Unreadable misses(directory.path(), "2/shard-00001.h5", false);
  FakeRanks(3).Run([&](const bsub_checkpoint_collectives& table) {
    ckpt::SessionOptions options = QuietOptions(directory.path());
    options.host = table.rank < 2 ? "a" : "b";
    Job job = Start(table, options, 0,
                    table.rank < 2 ? static_cast<ckpt::FileSystem&>(misses) : ckpt::PosixFileSystem());
    const auto loaded = job.session->Load();
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().status, BSUB_CHECKPOINT_IO) << loaded.error().message;
    EXPECT_THAT(loaded.error().message, HasSubstr("host b reads well"));
  });
  ExpectLoadedBy(2, 0, 2, QuietOptions(directory.path()));
}

TEST(Ranks, DamageThatOnlyOneRankReadsIsConfirmedAndSetAside) {
  const TestDirectory directory;
  SaveBy(2, 0, 1, QuietOptions(directory.path()));
  SaveBy(2, 0, 2, QuietOptions(directory.path()));
  std::filesystem::remove(directory / "2/shard-00001.h5");
  ExpectLoadedBy(2, 0, 1, QuietOptions(directory.path()));
}

// Power is lost on all nodes at any call of a save of two ranks, their file system with it.
void EndAtEveryCall(bool asynchronous) {
  std::uint64_t lost = 0;
  for (std::uint64_t call = 1, calls = 1; call <= calls; ++call) {
    const TestDirectory directory;
    SaveBy(2, 0, 1, QuietOptions(directory / "store"));
    FaultyFileSystem files(directory.path());
    std::atomic<bool> committed{false};
    std::atomic<std::uint64_t> before{0};
    ckpt::SessionOptions options = QuietOptions(directory / "store");
    options.saver.asynchronous = asynchronous;
    FakeRanks(2).Run([&](const bsub_checkpoint_collectives& table) {
      Job job = Start(table, options, 0, files);
      job.data = Numbers(job.box, 2);
      ASSERT_TRUE(job.session->declarations().Move("u", job.data.data()));
      job.session->ShouldCheckpoint();  // so that both have opened it
      if (table.rank == 0) files.FailAt((before = files.calls()) + call, true);
      job.session->ShouldCheckpoint();
      const ckpt::Done saved = job.session->Save(2);
      const ckpt::Done waited = job.session->Wait();
      if (table.rank == 0) committed = saved && waited;
    });
    calls = std::max(calls, committed ? call : call + 1);
    lost += committed ? 0 : 1;
    const TestDirectory after;
    files.AfterPowerLoss(after / "power");
    files.AfterPowerLossNamesFirst(after / "names");
    for (const std::string& store : {after / "power/store", after / "names/store", directory / "store"}) {
      FakeRanks(3).Run([&](const bsub_checkpoint_collectives& table) {
        Job job = Start(table, QuietOptions(store), 1);
        const auto step = job.session->Load();
        ASSERT_TRUE(step) << "call " << call << ", " << store << ": " << step.error().message;
        EXPECT_TRUE(*step == 2 || (*step == 1 && !committed)) << "call " << call << ", " << store;
        EXPECT_EQ(job.data, Numbers(job.box, static_cast<std::int64_t>(*step)))
            << "call " << call << ", " << store;
      });
    }
  }
  EXPECT_GT(lost, 20u);
}

TEST(Ranks, EveryCallOfASaveIsTheLast) { EndAtEveryCall(false); }
TEST(Ranks, EveryCallOfAnAsynchronousSaveIsTheLast) { EndAtEveryCall(true); }

void AwaitFile(const std::string& path) {
  while (!std::filesystem::exists(path)) std::this_thread::yield();
}

// It is committed although no rank makes another call: the next step may be long, or the last.
TEST(Ranks, ASaveIsCommittedThoughNobodyCallsAgain) {
  const TestDirectory directory;
  ckpt::SessionOptions options = QuietOptions(directory.path());
  options.saver.asynchronous = true;
  FakeRanks(3).Run([&](const bsub_checkpoint_collectives& table) {
    Job job = Start(table, options, 0);
    job.data = Numbers(job.box, 1);
    ASSERT_TRUE(job.session->declarations().Move("u", job.data.data()));
    ASSERT_TRUE(job.session->Save(1));
    AwaitFile(directory / "1/manifest.json");
    job.session->Abandon();
  });
  ExpectLoadedBy(2, 0, 1, QuietOptions(directory.path()));
  SaveBy(2, 0, 2, options);
  EXPECT_FALSE(std::filesystem::exists(directory / "2/shard-00001.json")) << "said in the manifest";
}

// And it stays so, whatever the ranks then cannot agree on.
TEST(Ranks, ACommitIsNotTakenBackByACollectiveThatFails) {
  const TestDirectory directory;
  ckpt::SessionOptions options = QuietOptions(directory.path());
  options.saver.asynchronous = true;
  FakeRanks(2).Run([&](bsub_checkpoint_collectives table) {
    static std::atomic<bool> works;
    works = true;
    static int (*good)(void*, std::int64_t*, std::uint32_t);
    good = table.maximum;
    table.maximum = [](void* context, std::int64_t* values, std::uint32_t count) {
      return works ? good(context, values, count) : 7;
    };
    Job job = Start(table, options, 0);
    job.data = Numbers(job.box, 1);
    ASSERT_TRUE(job.session->declarations().Move("u", job.data.data()));
    ASSERT_TRUE(job.session->Save(1));
    AwaitFile(directory / "1/manifest.json");
    works = false;
    EXPECT_FALSE(job.session->Wait());
    job.session->Abandon();
  });
  ExpectLoadedBy(2, 0, 1, QuietOptions(directory.path()));
}

// The number of a generation may be used again: what is left of a save that failed is not this one's.
TEST(Ranks, ANoteOfAnotherSaveIsNone) {
  const TestDirectory directory;
  ckpt::FileSystem& files = ckpt::PosixFileSystem();
  ckpt::Shard shard;
  shard.rank = 1;
  shard.bytes = 77;
  ASSERT_TRUE(ckpt::LeaveNote(files, {directory.path(), "3 7 1 20"}, shard));
  EXPECT_EQ(ckpt::ReadNote(files, {directory.path(), "3 7 1 20"}, 1), shard);
  EXPECT_EQ(ckpt::ReadNote(files, {directory.path(), "3 7 1 2"}, 1), std::nullopt);
  EXPECT_EQ(ckpt::ReadNote(files, {directory.path(), "3 7 2 20"}, 1), std::nullopt);
  EXPECT_EQ(ckpt::ReadNote(files, {directory.path(), "3 7 1 20"}, 2), std::nullopt);
}

// An asynchronous save of several ranks that is pending at a notice is committed, whatever the program calls
// next.
TEST(Ranks, APendingSaveIsCommittedByWhateverIsCalledNext) {
  using Call = std::function<ckpt::Done(ckpt::Session&)>;
  const std::vector<std::pair<const char*, Call>> calls = {
      {"wait", [](ckpt::Session& session) { return session.Wait(); }},
      {"close", [](ckpt::Session& session) { return session.Close(); }},
      {"stopped", [](ckpt::Session& session) { return session.Stopped(); }},
      {"save", [](ckpt::Session& session) { return session.Save(2); }}};
  for (const auto& [name, call] : calls) {
    const TestDirectory directory;
    ckpt::SessionOptions options = QuietOptions(directory.path());
    options.saver.asynchronous = true;
    FakeRanks(3).Run([&, call = call](const bsub_checkpoint_collectives& table) {
      Job job = Start(table, options, 0);
      job.data = Numbers(job.box, 1);
      ASSERT_TRUE(job.session->declarations().Move("u", job.data.data()));
      ASSERT_TRUE(job.session->Save(1));
      EXPECT_TRUE(call(*job.session));
      EXPECT_EQ(job.session->facts().generation, 1u);
    });
    EXPECT_TRUE(std::filesystem::exists(directory / "1/manifest.json")) << name;
    EXPECT_EQ(std::filesystem::exists(directory / "2/manifest.json"), std::string(name) == "save")
        << name << ": the second save is committed too";
  }
}

}  // namespace
}  // namespace bsub::testing
