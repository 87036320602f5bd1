// What a program gets that saves, ends and starts again.
#include "checkpoint/src/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/checkpoint/test_store.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;

class SessionTest : public ::testing::Test {
 protected:
  ckpt::SessionOptions Options() const { return QuietOptions(directory_ / "store"); }
  bool Exists(const std::string& name) const {
    return std::filesystem::exists(directory_ / ("store/" + name));
  }
  TestDirectory directory_;
};

TEST_F(SessionTest, AFirstStartFindsNothing) {
  const Found found = LoadFrom(Options());
  EXPECT_EQ(found.status, BSUB_CHECKPOINT_NOTHING_SAVED);
  EXPECT_EQ(found.step, 0u);
}

TEST_F(SessionTest, AStoreThatIsKnownToHoldASaveIsNotBegunAnew) {
  ckpt::SessionOptions options = Options();
  options.saved_before = 3;
  for (const bool made : {false, true}) {  // by the job's node, below the mount point
    if (made) std::filesystem::create_directory(options.directory);
    const Found found = LoadFrom(options);
    EXPECT_EQ(found.status, BSUB_CHECKPOINT_IO);
    EXPECT_THAT(found.message, HasSubstr("generation 3 was saved by an attempt before"));
    EXPECT_THAT(found.message, HasSubstr(options.directory));
    EXPECT_EQ(std::filesystem::exists(options.directory), made);
  }
  EXPECT_TRUE(std::filesystem::is_empty(options.directory))
      << "or the next attempt would take it for the store";
  SaveSteps(Options(), 1, 2);
  EXPECT_EQ(LoadFrom(options).step, 2u);
}

TEST_F(SessionTest, AnAttemptThatOpenedItsStoreAndSavedNothingLeavesOne) {
  ckpt::SessionOptions options = Options();
  EXPECT_EQ(LoadFrom(options).status, BSUB_CHECKPOINT_NOTHING_SAVED);
  options.saved_before = 3;  // told by hand (stopped)
  EXPECT_EQ(LoadFrom(options).status, BSUB_CHECKPOINT_NOTHING_SAVED);
}

// As the script of a job with two phases may.
TEST_F(SessionTest, WhatTheAttemptItselfHasRemovedIsNotMissed) {
  SaveSteps(Options(), 1, 2);
  ckpt::SessionOptions options = Options();
  options.saved_before = 2;
  options.control_directory = directory_ / "control-2";
  std::filesystem::create_directory(options.control_directory);
  EXPECT_EQ(LoadFrom(options).step, 2u);
  std::filesystem::remove_all(options.directory);
  EXPECT_EQ(LoadFrom(options).status, BSUB_CHECKPOINT_NOTHING_SAVED) << "begun anew";
  SaveSteps(options, 1, 1);
}

TEST_F(SessionTest, AnotherStoreOrAnotherAttemptSaysNothingOfTheJobsOwn) {
  ckpt::SessionOptions options = Options();
  options.control_directory = directory_ / "control-1";
  std::filesystem::create_directory(options.control_directory);
  SaveSteps(options, 1, 2);
  std::filesystem::remove_all(options.directory);
  options.control_directory = directory_ / "control-2";
  std::filesystem::create_directory(options.control_directory);
  ckpt::SessionOptions other = options;
  other.directory = directory_ / "other";
  SaveSteps(other, 1, 2);
  options.saved_before = 2;
  EXPECT_EQ(LoadFrom(options).status, BSUB_CHECKPOINT_IO);
}

TEST_F(SessionTest, TheNewestSaveComesBack) {
  SaveSteps(Options(), 1, 3);
  const Found found = LoadFrom(Options());
  EXPECT_EQ(found.step, 3u) << found.message;
  EXPECT_TRUE(found.right);
}

TEST_F(SessionTest, CompressedSavesToo) {
  ckpt::SessionOptions options = Options();
  options.saver.save.compression = 6;
  SaveSteps(options, 1, 2);
  const Found found = LoadFrom(Options());
  EXPECT_EQ(found.step, 2u) << found.message;
  EXPECT_TRUE(found.right);
}

TEST_F(SessionTest, AsynchronousSavesToo) {
  ckpt::SessionOptions options = Options();
  options.saver.asynchronous = true;
  options.saver.keep = 10;
  for (const std::uint64_t staging : {0u, 1u}) {
    options.saver.staging_bytes = staging;  // 1: as little as possible, so that the copy waits for the disk
    SaveSteps(options, 1, 5);
    const Found found = LoadFrom(Options());
    EXPECT_EQ(found.step, 5u) << found.message;
    EXPECT_TRUE(found.right);
  }
}

TEST_F(SessionTest, TheProgramMayChangeItsStateWhileItIsSaved) {
  ckpt::SessionOptions options = Options();
  options.saver.asynchronous = true;
  SmallProgram program = SmallProgram::At(1);
  const auto session = OpenFor(program, options);
  ASSERT_TRUE(session);
  ASSERT_TRUE((*session)->Save(1));
  program.Advance(77);
  ASSERT_TRUE((*session)->Wait());
  const Found found = LoadFrom(Options());
  EXPECT_EQ(found.step, 1u);
  EXPECT_TRUE(found.right);
}

TEST_F(SessionTest, DifferentialSavesHoldWhatChanged) {
  ckpt::SessionOptions options = Options();
  options.saver.differential = 8;
  options.saver.keep = 100;
  SmallProgram program = SmallProgram::At(1);
  const auto session = OpenFor(program, options);
  ASSERT_TRUE(session);
  ASSERT_TRUE((*session)->Save(1));
  EXPECT_FALSE((*session)->facts().last_save.differential);
  program.u[7] = -1;
  const SmallProgram changed = program;
  ASSERT_TRUE((*session)->Save(2));
  EXPECT_TRUE((*session)->facts().last_save.differential);
  EXPECT_EQ((*session)->facts().last_save.written_bytes, 40u) << "one line of five doubles";
  SmallProgram other;
  const auto again = OpenFor(other, Options());
  ASSERT_TRUE(again);
  const auto step = (*again)->Load();
  ASSERT_TRUE(step) << step.error().message;
  EXPECT_EQ(*step, 2u);
  EXPECT_EQ(other, changed);
}

TEST_F(SessionTest, ChainsOfDifferentialSavesEndAtTheirLimit) {
  ckpt::SessionOptions options = Options();
  options.saver.differential = 2;
  options.saver.keep = 1;
  SmallProgram program = SmallProgram::At(1);
  const auto session = OpenFor(program, options);
  ASSERT_TRUE(session);
  std::vector<bool> differential;
  for (std::uint64_t step = 1; step <= 6; ++step) {
    program.u[step] = -static_cast<double>(step);
    const ckpt::Done saved = (*session)->Save(step);
    ASSERT_TRUE(saved) << saved.error().message;
    differential.push_back((*session)->facts().last_save.differential);
  }
  EXPECT_EQ(differential, (std::vector<bool>{false, true, true, false, true, true}));
  SmallProgram other;
  const auto again = OpenFor(other, Options());
  const auto step = (*again)->Load();
  ASSERT_TRUE(step) << step.error().message;
  EXPECT_EQ(other, program);
  EXPECT_TRUE(Exists("4")) << "the full generation that 6 builds on stays";
  EXPECT_FALSE(Exists("3"));
}

TEST_F(SessionTest, WhenMostHasChangedTheSaveIsFull) {
  ckpt::SessionOptions options = Options();
  options.saver.differential = 8;
  SaveSteps(options, 1, 1);
  SmallProgram program;
  const auto session = OpenFor(program, options);
  program.Advance(1);
  ASSERT_TRUE((*session)->Save(1));
  program.Advance(2);
  ASSERT_TRUE((*session)->Save(2));
  EXPECT_FALSE((*session)->facts().last_save.differential);
}

TEST_F(SessionTest, OldGenerationsGo) {
  ckpt::SessionOptions options = Options();
  options.saver.keep = 2;
  SaveSteps(options, 1, 5);
  EXPECT_FALSE(Exists("3"));
  EXPECT_TRUE(Exists("4"));
  EXPECT_TRUE(Exists("5"));
}

TEST_F(SessionTest, ADamagedGenerationIsSetAsideAndTheOneBeforeIsUsed) {
  SaveSteps(Options(), 1, 2);
  const std::string shard = directory_ / "store/2/shard-00000.h5";
  std::fstream file(shard, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(-5, std::ios::end);
  file.put('\x55');
  file.close();
  const Found found = LoadFrom(Options());
  EXPECT_EQ(found.step, 1u) << found.message;
  EXPECT_TRUE(found.right);
  EXPECT_TRUE(Exists("2/set-aside.json"));
}

TEST_F(SessionTest, AGenerationThatCannotBeReadHidesNoOther) {
  SaveSteps(Options(), 1, 2);
  const std::string manifest = Options().directory + "/2/manifest.json";
  std::filesystem::remove(manifest);
  std::filesystem::create_directory(manifest);
  std::ofstream(Options().directory + "/7") << "a file of somebody's";
  EXPECT_EQ(LoadFrom(Options()).step, 1u);
  SaveSteps(Options(), 3, 4);
  EXPECT_EQ(LoadFrom(Options()).step, 4u);
}

TEST_F(SessionTest, AMissingShardIsNamed) {
  SaveSteps(Options(), 1, 1);
  std::filesystem::remove(directory_ / "store/1/shard-00000.h5");
  const Found found = LoadFrom(Options());
  EXPECT_EQ(found.status, BSUB_CHECKPOINT_DAMAGED);
  EXPECT_THAT(found.message, HasSubstr("checkpoint ls"));
  std::ifstream in(directory_ / "store/1/set-aside.json");
  const std::string reason{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_THAT(reason, HasSubstr("shard-00000.h5 is missing"));
}

TEST_F(SessionTest, AGenerationThatCrashesItsProgramIsQuarantined) {
  SaveSteps(Options(), 1, 2);
  for (int attempt = 2; attempt <= 4; ++attempt) {
    SmallProgram program;
    const auto session = OpenFor(program, AsAttempt(Options(), static_cast<std::uint64_t>(attempt)));
    ASSERT_TRUE(session);
    EXPECT_EQ(*(*session)->Load(), 2u);
    // It ends without a save and without a close.
  }
  const Found found = LoadFrom(AsAttempt(Options(), 5));
  EXPECT_EQ(found.step, 1u) << found.message;
}

// It may as well be bad luck; what is left is never given up for a suspicion.
TEST_F(SessionTest, TheLastGenerationThatThereIsIsNotQuarantined) {
  SaveSteps(Options(), 1, 1);
  for (int attempt = 0; attempt < 10; ++attempt) EXPECT_EQ(LoadFrom(Options()).step, 1u);
}

TEST_F(SessionTest, InterruptedAttemptsAreNoCrashes) {
  SaveSteps(Options(), 1, 2);
  ckpt::SessionOptions options = Options();
  options.forgive_last_load = true;
  for (int attempt = 0; attempt < 10; ++attempt) EXPECT_EQ(LoadFrom(options).step, 2u);
}

// The attempt that was interrupted never came to its load: those before it have crashed all the same.
TEST_F(SessionTest, AnInterruptionForgivesNoOtherAttempt) {
  SaveSteps(Options(), 1, 2);
  for (const std::uint64_t attempt : {1, 2, 3}) EXPECT_EQ(LoadFrom(AsAttempt(Options(), attempt)).step, 2u);
  ckpt::SessionOptions options = AsAttempt(Options(), 5);
  options.forgive_last_load = true;
  EXPECT_EQ(LoadFrom(options).step, 1u);
}

TEST_F(SessionTest, ProgressForgivesEarlierLoads) {
  SaveSteps(Options(), 1, 1);
  for (int round = 0; round < 5; ++round) {
    SmallProgram program;
    const auto session = OpenFor(program, Options());
    const auto step = (*session)->Load();
    ASSERT_TRUE(step) << step.error().message;
    program.Advance(static_cast<int>(*step) + 1);
    ASSERT_TRUE((*session)->Save(*step + 1));
  }
  EXPECT_EQ(LoadFrom(Options()).step, 6u);
}

TEST_F(SessionTest, AnotherProgramsCheckpointIsNotLoaded) {
  SaveSteps(Options(), 1, 1);
  std::vector<double> v(30);
  const auto session =
      ckpt::Session::Open(ckpt::PosixFileSystem(), std::make_unique<ckpt::Ranks>(), Options());
  const std::uint64_t shape[] = {5, 6}, zero[] = {0, 0};
  ASSERT_TRUE(
      (*session)->declarations().AddDataset("u", BSUB_CHECKPOINT_FLOAT64, {2, shape, zero, shape, v.data()}));
  const auto step = (*session)->Load();
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().status, BSUB_CHECKPOINT_MISMATCH);
  EXPECT_THAT(step.error().message, HasSubstr("float64 6x5"));
  EXPECT_FALSE(Exists("1/set-aside.json")) << "it is good for its own program";
}

TEST_F(SessionTest, ANewJobStartsFromAnOldStore) {
  SaveSteps(Options(), 1, 3);
  ckpt::SessionOptions options = QuietOptions(directory_ / "deep/new");
  options.restart_from = Options().directory;
  const Found found = LoadFrom(options);
  EXPECT_EQ(found.step, 3u) << found.message;
  EXPECT_TRUE(found.right);
  SaveSteps(options, 9, 9);
  EXPECT_EQ(LoadFrom(options).step, 9u) << "its own saves come first";
}

TEST_F(SessionTest, AReadOnlyUseChangesNothing) {
  SaveSteps(Options(), 1, 1);
  const auto before = ckpt::PosixFileSystem().List(Options().directory);
  ckpt::SessionOptions options = Options();
  options.read_only = true;
  EXPECT_EQ(LoadFrom(options).step, 1u);
  EXPECT_EQ(*ckpt::PosixFileSystem().List(Options().directory), *before);
  SmallProgram program;
  const auto session = OpenFor(program, options);
  EXPECT_EQ((*session)->Save(2).error().status, BSUB_CHECKPOINT_INVALID);
}

}  // namespace
}  // namespace bsub::testing
