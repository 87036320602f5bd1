// A save is interrupted at every call it makes on the file system. What the next attempt loads is the new
// generation or the one before, complete: after the program was killed (everything it wrote is there), after
// a power failure (only what was synced is there), and after one where names reached the disk before
// contents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/checkpoint/faulty_file_system.h"
#include "tests/unit/checkpoint/test_store.h"

namespace bsub::testing {
namespace {

struct Case {
  const char* name;
  bool asynchronous;
  int compression;
  int differential;
};

class CrashTest : public ::testing::TestWithParam<Case> {
 protected:
  ckpt::SessionOptions Options(const std::string& directory) const {
    ckpt::SessionOptions options = QuietOptions(directory);
    options.saver.asynchronous = GetParam().asynchronous;
    options.saver.save.compression = GetParam().compression;
    options.saver.differential = GetParam().differential;
    options.saver.keep = 1;
    return options;
  }

  // Steps 1 and 2 saved; then everything that a third save does, and its pruning, with a file system that
  // breaks at `call`. Returns the calls made; `committed`: the program was told that the third save is good.
  std::uint64_t ThirdSave(FaultyFileSystem& files, const std::string& store, std::uint64_t call,
                          bool for_ever, bool& committed) {
    SmallProgram program;
    auto session = OpenFor(program, Options(store), files);
    EXPECT_TRUE(session);
    program.Advance(2);
    EXPECT_TRUE((*session)->Save(2));
    EXPECT_TRUE((*session)->Wait());
    program.Advance(3);
    const std::uint64_t before = files.calls();
    if (call > 0) files.FailAt(before + call, for_ever);
    committed = (*session)->Save(3) && (*session)->Wait();
    const std::uint64_t calls = files.calls() - before;
    files.FailAt(0, false);
    return calls;
  }

  void ExpectNewOrBefore(const std::string& store, bool committed, const std::string& where) {
    const Found found = LoadFrom(QuietOptions(store));
    EXPECT_EQ(found.status, BSUB_CHECKPOINT_OK) << where << ": " << found.message;
    EXPECT_TRUE(found.right) << where << ": step " << found.step;
    if (committed) {
      EXPECT_EQ(found.step, 3u) << where << ": it was told to be committed";
    } else {
      EXPECT_TRUE(found.step == 2 || found.step == 3) << where << ": step " << found.step;
    }
  }
};

TEST_P(CrashTest, EveryCallIsTheLast) {
  std::uint64_t calls = 1;
  std::uint64_t lost = 0;
  for (std::uint64_t call = 1; call <= calls; ++call) {
    const TestDirectory directory;
    SaveSteps(Options(directory / "store"), 1, 1);
    FaultyFileSystem files(directory.path());
    bool committed = false;
    const std::uint64_t made = ThirdSave(files, directory / "store", call, true, committed);
    if (call == 1) {
      bool whole = false;
      const TestDirectory other;
      SaveSteps(Options(other / "store"), 1, 1);
      FaultyFileSystem counting(other.path());
      calls = ThirdSave(counting, other / "store", 0, false, whole);
      ASSERT_TRUE(whole);
    }
    static_cast<void>(made);
    lost += committed ? 0 : 1;
    const TestDirectory after;
    files.AfterPowerLoss(after / "power");
    files.AfterPowerLossNamesFirst(after / "names");
    const std::string where = "call " + std::to_string(call);
    ExpectNewOrBefore(after / "power/store", committed, where + ", power");
    ExpectNewOrBefore(after / "names/store", committed, where + ", names first");
    ExpectNewOrBefore(directory / "store", committed, where + ", killed");
  }
  EXPECT_GT(calls, 20u);
  EXPECT_GT(lost, 10u);
}

TEST_P(CrashTest, EveryCallFailsOnceAndTheNextSaveIsGood) {
  std::uint64_t call = 1;
  for (bool reached = true; reached; ++call) {
    const TestDirectory directory;
    SaveSteps(Options(directory / "store"), 1, 1);
    FaultyFileSystem files(directory.path());
    SmallProgram program;
    auto session = OpenFor(program, Options(directory / "store"), files);
    ASSERT_TRUE(session);
    program.Advance(2);
    const std::uint64_t before = files.calls();
    files.FailAt(before + call, false);
    const ckpt::Done saved = (*session)->Save(2);
    const ckpt::Done done = saved ? (*session)->Wait() : saved;
    if (!done) {
      EXPECT_EQ(done.error().status, BSUB_CHECKPOINT_IO) << done.error().message;
      EXPECT_THAT(done.error().message, ::testing::HasSubstr("No space left"));
    }
    reached = files.calls() - before >= call;
    EXPECT_TRUE(reached || done);
    files.FailAt(0, false);
    const Found between = LoadFrom([&] {
      ckpt::SessionOptions options = QuietOptions(directory / "store");
      options.read_only = true;
      return options;
    }());
    EXPECT_TRUE(between.right && (between.step == 2 || (!done && between.step == 1))) << "call " << call;
    program.Advance(3);
    const ckpt::Done again = (*session)->Save(3);
    ASSERT_TRUE(again) << "call " << call << ": " << again.error().message;
    ASSERT_TRUE((*session)->Wait());
    const Found found = LoadFrom(QuietOptions(directory / "store"));
    EXPECT_EQ(found.step, 3u) << found.message;
    EXPECT_TRUE(found.right);
  }
  EXPECT_GT(call, 20u);
}

// The same for a start: taking the store over, making what is missing, loading, counting the load.
TEST_P(CrashTest, EveryCallOfAStartIsTheLast) {
  std::uint64_t calls = 1;
  for (std::uint64_t call = 1; call <= calls; ++call) {
    const TestDirectory directory;
    SaveSteps(Options(directory / "store"), 1, 2);
    FaultyFileSystem files(directory.path());
    if (call > 1) files.FailAt(call, true);
    SmallProgram program;
    if (auto session = OpenFor(program, Options(directory / "store"), files)) {
      static_cast<void>((*session)->Load());
      (*session)->Abandon();
    }
    if (call == 1) calls = files.calls();
    const TestDirectory after;
    files.FailAt(0, false);
    files.AfterPowerLoss(after / "power");
    files.AfterPowerLossNamesFirst(after / "names");
    const std::string where = "call " + std::to_string(call);
    for (const std::string& store : {directory / "store", after / "power/store", after / "names/store"}) {
      const Found found = LoadFrom(QuietOptions(store));
      EXPECT_TRUE(found.right && found.step == 2) << where << ", " << store << ": " << found.message;
    }
  }
  EXPECT_GT(calls, 8u);
}

INSTANTIATE_TEST_SUITE_P(Saves, CrashTest,
                         ::testing::Values(Case{"Synchronous", false, 0, 0}, Case{"Asynchronous", true, 0, 0},
                                           Case{"Compressed", false, 4, 0},
                                           Case{"Differential", false, 0, 8}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace bsub::testing
