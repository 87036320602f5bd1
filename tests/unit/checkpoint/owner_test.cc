// Only the newest attempt commits: frozen machines that wake up, two attempts at once.
#include "checkpoint/src/owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/src/generations.h"
#include "tests/unit/checkpoint/test_store.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// Lets a test act in the middle of a save: just before a file is renamed into place.
class PausingFileSystem : public ckpt::FileSystem {
 public:
  std::function<void(const std::string& to)> before_rename = [](const std::string&) {};
  std::function<void(const std::string& to)> before_link = [](const std::string&) {};

  ckpt::Outcome<std::unique_ptr<ckpt::File>> OpenForWriting(const std::string& path) override {
    return posix_.OpenForWriting(path);
  }
  ckpt::Outcome<std::unique_ptr<ckpt::File>> OpenForReading(const std::string& path) override {
    return posix_.OpenForReading(path);
  }
  ckpt::Outcome<std::unique_ptr<ckpt::File>> Create(const std::string& path) override {
    return posix_.Create(path);
  }
  ckpt::Done WriteDurably(const std::string& path, const std::string& bytes) override {
    return posix_.WriteDurably(path, bytes);
  }
  ckpt::Outcome<std::string> ReadWhole(const std::string& path) override { return posix_.ReadWhole(path); }
  ckpt::Done Rename(const std::string& from, const std::string& to) override {
    before_rename(to);
    return posix_.Rename(from, to);
  }
  ckpt::Outcome<bool> Link(const std::string& from, const std::string& to) override {
    before_link(to);
    return posix_.Link(from, to);
  }
  ckpt::Outcome<bool> MakeDirectory(const std::string& path) override { return posix_.MakeDirectory(path); }
  ckpt::Done SyncDirectory(const std::string& path) override { return posix_.SyncDirectory(path); }
  ckpt::Done RemoveFile(const std::string& path) override { return posix_.RemoveFile(path); }
  ckpt::Done RemoveDirectory(const std::string& path) override { return posix_.RemoveDirectory(path); }
  ckpt::Outcome<std::vector<std::string>> List(const std::string& path) override { return posix_.List(path); }

 private:
  ckpt::FileSystem& posix_ = ckpt::PosixFileSystem();
};

class OwnerTest : public ::testing::Test {
 protected:
  ckpt::SessionOptions Options(std::uint64_t attempt) const {
    return AsAttempt(QuietOptions(directory_ / "store"), attempt);
  }
  TestDirectory directory_;
};

TEST_F(OwnerTest, AFrozenAttemptThatWakesUpCannotCommit) {
  SmallProgram old_program;
  const auto old_attempt = OpenFor(old_program, Options(1));
  ASSERT_TRUE(old_attempt);
  old_program.Advance(1);
  ASSERT_TRUE((*old_attempt)->Save(1));
  // The node is given up; another attempt takes over and saves.
  SaveSteps(Options(2), 5, 5);
  old_program.Advance(2);
  const ckpt::Done late = (*old_attempt)->Save(2);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().status, BSUB_CHECKPOINT_FENCED);
  EXPECT_THAT(late.error().message, HasSubstr("job 12, attempt 2"));
  EXPECT_EQ(LoadFrom(Options(3)).step, 5u);
}

// The worst moment: it has checked the owner and freezes just before the rename that commits.
TEST_F(OwnerTest, ACommitThatIsFrozenInItsLastStepDoesNotCount) {
  SaveSteps(Options(1), 1, 1);
  PausingFileSystem files;
  SmallProgram program;
  const auto frozen = OpenFor(program, Options(1), files);
  ASSERT_TRUE(frozen);
  files.before_rename = [&](const std::string& to) {
    if (!to.ends_with("manifest.json")) return;
    EXPECT_EQ(LoadFrom(Options(2)).step, 1u);
  };
  program.Advance(2);
  const ckpt::Done late = (*frozen)->Save(2);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().status, BSUB_CHECKPOINT_FENCED);
  EXPECT_EQ(LoadFrom(Options(3)).step, 1u);
}

// The new attempt has looked at the generations and is about to take the store.
TEST_F(OwnerTest, ACommitThatWasToldToBeGoodCountsHoweverLateItCame) {
  ckpt::SessionOptions first = Options(1);
  first.saver.keep = 1;
  SmallProgram program;
  const auto old_attempt = OpenFor(program, first);
  ASSERT_TRUE(old_attempt);
  program.Advance(1);
  ASSERT_TRUE((*old_attempt)->Save(1));
  PausingFileSystem files;
  bool told = false;
  files.before_link = [&](const std::string&) {
    if (told) return;
    told = true;
    program.Advance(2);
    EXPECT_TRUE((*old_attempt)->Save(2));  // which removes the first
  };
  SmallProgram next;
  const auto attempt = OpenFor(next, Options(2), files);
  ASSERT_TRUE(attempt) << attempt.error().message;
  const auto loaded = (*attempt)->Load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(*loaded, 2u);
  EXPECT_TRUE(next == SmallProgram::At(2));
  EXPECT_FALSE((*old_attempt)->Save(3));
}

TEST_F(OwnerTest, ALateCommitIsThereAndIsNotUsed) {
  SaveSteps(Options(1), 1, 1);
  // As if the check after the rename had never run: the manifest of epoch 1 appears after epoch 2 has begun.
  SmallProgram program;
  const auto old_attempt = OpenFor(program, Options(1));
  program.Advance(2);
  ASSERT_TRUE((*old_attempt)->Save(2));
  std::filesystem::rename(directory_ / "store/2", directory_ / "aside");
  EXPECT_EQ(LoadFrom(Options(2)).step, 1u);
  std::filesystem::rename(directory_ / "aside", directory_ / "store/2");
  EXPECT_EQ(LoadFrom(Options(3)).step, 1u);
  const auto owner = ckpt::ReadOwner(ckpt::PosixFileSystem(), directory_ / "store");
  const auto generations = ckpt::ReadGenerations(ckpt::PosixFileSystem(), directory_ / "store", *owner);
  ASSERT_EQ(generations->size(), 2u);
  EXPECT_EQ((*generations)[0].state, ckpt::GenerationState::kFenced);
}

TEST_F(OwnerTest, AnOlderAttemptThatStartsLateIsRefused) {
  SaveSteps(Options(3), 1, 1);
  const Found found = LoadFrom(Options(2));
  EXPECT_EQ(found.status, BSUB_CHECKPOINT_FENCED) << found.message;
  EXPECT_EQ(LoadFrom(Options(3)).step, 1u) << "the same attempt may open it again";
  ckpt::SessionOptions other = Options(1);
  other.attempt.job = "13";
  EXPECT_EQ(LoadFrom(other).step, 1u) << "attempts of different jobs do not compare";
}

TEST_F(OwnerTest, EpochsAreTakenOnce) {
  const TestDirectory store;
  ckpt::FileSystem& files = ckpt::PosixFileSystem();
  const auto first = ckpt::TakeOver(files, store.path(), {"1", 1}, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->epoch, 1u);
  const auto second = ckpt::TakeOver(files, store.path(), {"1", 2}, {{1, 7}});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->epoch, 2u);
  EXPECT_FALSE(ckpt::CheckOwner(files, store.path(), *first));
  EXPECT_TRUE(ckpt::CheckOwner(files, store.path(), *second));
  EXPECT_TRUE(second->Counts(1, 7));
  EXPECT_FALSE(second->Counts(1, 8));
  EXPECT_TRUE(second->Counts(2, 100));
  EXPECT_THAT(*files.List(store.path()), ::testing::ElementsAre("owner-2.json"));
}

TEST_F(OwnerTest, EveryChangedByteOfTheOwnerFileShows) {
  const std::string good = ckpt::Encode(ckpt::Owner{4, {"12", 3}, {{3, 9}}});
  EXPECT_THAT(ckpt::DecodeOwner(good)->sealed, UnorderedElementsAre(Pair(3, 9)));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 4);
    EXPECT_FALSE(ckpt::DecodeOwner(bad)) << i;
  }
}

}  // namespace
}  // namespace bsub::testing
