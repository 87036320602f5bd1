// Power fails at a random call, again and again: what was acknowledged is there, and the journal goes on.
#include <gtest/gtest.h>

#include <random>

#include "tests/support/journal/opaque_journal.h"

namespace bsub::journal::test {
namespace {

// One life of the scheduler: recover, append until the fault, lose power. Grows `acknowledged`.
void Live(UnsyncedFileSystem& files, std::mt19937_64& random, std::uint64_t* acknowledged,
          std::uint64_t seed) {
  auto recovered = Recover(files);
  ASSERT_TRUE(recovered) << "seed " << seed << ": " << recovered.error().message;
  ASSERT_GE(recovered->entries.size(), *acknowledged) << "seed " << seed;
  ASSERT_EQ(recovered->entries, EntriesUpTo(recovered->entries.size())) << "seed " << seed;
  *acknowledged = recovered->entries.size();  // what was recovered may be built upon from now on
  files.InjectFault({.at_call = files.calls() + 1 + random() % 25,
                     .code = Code::kUnavailable,
                     .repeat = true,
                     .short_write = random() % 2 == 0});
  auto writer = OpenWriter(files, recovered->tail, SmallSegments(3000));
  while (writer) {
    if (random() % 4 == 0 && !(*writer)->ReserveNext()) break;
    if (random() % 8 == 0 && !(*writer)->Roll()) break;
    const auto appended = AppendEntries(**writer, 1 + random() % 60);  // up to several sectors
    if (!appended) break;
    *acknowledged = appended->last_sequence;
  }
  files.LosePower(random());
}

TEST(PowerLoss, NothingAcknowledgedIsLostInTwoHundredRunsOfTenFailuresEach) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    UnsyncedFileSystem files;
    ASSERT_TRUE(files.CreateDirectory(kDirectory));
    std::uint64_t acknowledged = 0;
    for (int life = 0; life < 10; ++life) {
      Live(files, random, &acknowledged, seed);
      if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_GT(acknowledged, 0u) << "seed " << seed;
  }
}

// The same, but power also fails while recovery itself repairs the tail.
TEST(PowerLoss, ARecoveryThatIsInterruptedCanBeRepeated) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    UnsyncedFileSystem files;
    ASSERT_TRUE(files.CreateDirectory(kDirectory));
    std::uint64_t acknowledged = 0;
    for (int life = 0; life < 4; ++life) {
      Live(files, random, &acknowledged, seed);
      if (testing::Test::HasFatalFailure()) return;
      files.InjectFault(
          {.at_call = files.calls() + 1 + random() % 6, .code = Code::kUnavailable, .repeat = true});
      static_cast<void>(Recover(files));
      files.LosePower(random());
    }
  }
}

// A sync fails at a random call and leaves its pages looking clean. The process ends, the next one reads what
// they hold, acknowledges it to whoever asks again, and power fails.
TEST(PowerLoss, WhatAFailedSyncLeftReadableIsDurableOnceTheNextStartGoesOn) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    UnsyncedFileSystem files;
    ASSERT_TRUE(files.CreateDirectory(kDirectory));
    std::uint64_t acknowledged = 0;
    for (int life = 0; life < 10; ++life) {
      auto recovered = Recover(files);
      ASSERT_TRUE(recovered) << "seed " << seed << ": " << recovered.error().message;
      ASSERT_EQ(recovered->entries, EntriesUpTo(recovered->entries.size())) << "seed " << seed;
      ASSERT_GE(recovered->entries.size(), acknowledged) << "seed " << seed << " life " << life;
      files.InjectFault({.at_call = files.calls() + 1 + random() % 15,
                         .code = Code::kUnavailable,
                         .forgets_unsynced = true});
      auto writer = OpenWriter(files, recovered->tail, SmallSegments(3000));
      if (writer) acknowledged = recovered->entries.size();
      while (writer) {
        const auto appended = AppendEntries(**writer, 1 + random() % 20);
        if (!appended) break;
        acknowledged = appended->last_sequence;
      }
      if (random() % 2 == 0) files.LosePower(random());
    }
    EXPECT_GT(acknowledged, 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace bsub::journal::test
