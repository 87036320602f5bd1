// The C ABI and its C++ header, through the shared library, as a program uses them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <bsub/checkpoint.hpp>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <thread>

#include "checkpoint/control/page.h"
#include "checkpoint/control/report.h"

namespace bsub::checkpoint {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

class AbiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "bsub-abi-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    setenv("BSUB_CONTROL_DIR", folder_.c_str(), 1);
    ASSERT_EQ(page_.Open(folder_), 0);
    directory_ = folder_ + "/store";
    options_.directory = directory_.c_str();
    options_.quiet = 1;
  }
  void TearDown() override {
    unsetenv("BSUB_CONTROL_DIR");
    std::filesystem::remove_all(folder_);
  }
  std::vector<control::Report> Lines() const {
    std::ifstream in(folder_ + "/report");
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    std::vector<control::Report> reports;
    control::TakeReports(text, reports);
    return reports;
  }
  std::vector<std::string> Reports() const {
    const std::vector<control::Report> reports = Lines();
    std::vector<std::string> kinds;
    for (const control::Report& report : reports) kinds.push_back(report.kind);
    last_ = reports.empty() ? control::Report() : reports.back();
    return kinds;
  }

  std::string folder_;
  std::string directory_;
  Options options_;
  control::PageWriter page_;
  mutable control::Report last_;
};

template <typename T>
void ExpectSurvives(const Options& options, const std::vector<T>& numbers) {
  std::vector<T> data = numbers;
  const std::uint64_t n = data.size();
  {
    Store store;
    ASSERT_TRUE(store.Open(options));
    ASSERT_TRUE(store.Dataset("data", {n}, data.data()));
    ASSERT_TRUE(store.Save(5));
  }
  std::fill(data.begin(), data.end(), T{});
  Store store;
  ASSERT_TRUE(store.Open(options));
  ASSERT_TRUE(store.Dataset("data", {n}, data.data()));
  std::uint64_t step = 0;
  const Status loaded = store.Load(step);
  ASSERT_TRUE(loaded) << loaded.message();
  EXPECT_EQ(step, 5u);
  EXPECT_EQ(data, numbers);
  store = Store();
  std::filesystem::remove_all(options.directory);
}

TEST_F(AbiTest, EveryNumberTypeSurvives) {
  ExpectSurvives<std::int8_t>(options_, {-128, 0, 127});
  ExpectSurvives<std::uint8_t>(options_, {0, 255});
  ExpectSurvives<std::int16_t>(options_, {-32768, 32767});
  ExpectSurvives<std::uint16_t>(options_, {0, 65535});
  ExpectSurvives<std::int32_t>(options_, {std::numeric_limits<std::int32_t>::min(), 1});
  ExpectSurvives<std::uint32_t>(options_, {std::numeric_limits<std::uint32_t>::max(), 1});
  ExpectSurvives<std::int64_t>(options_, {std::numeric_limits<std::int64_t>::min(), 1});
  ExpectSurvives<std::uint64_t>(options_, {std::numeric_limits<std::uint64_t>::max(), 1});
  ExpectSurvives<float>(options_, {-0.0f, 1e-45f, 3.4e38f});
  ExpectSurvives<double>(options_, {5e-324, -1.7e308});
  ExpectSurvives<long double>(options_, {1.0L / 3, -1e4000L});
}

TEST_F(AbiTest, OneToFourDimensions) {
  std::vector<double> a(2), b(6), c(24), d(120);
  std::iota(d.begin(), d.end(), 0);
  const auto declare = [&](Store& store) {
    ASSERT_TRUE(store.Open(options_));
    ASSERT_TRUE(store.Dataset("a", {2}, a.data()));
    ASSERT_TRUE(store.Dataset("b", {2, 3}, b.data()));
    ASSERT_TRUE(store.Dataset("c", {2, 3, 4}, c.data()));
    ASSERT_TRUE(store.Dataset("d", {2, 3, 4, 5}, d.data()));
    ASSERT_TRUE(store.Attribute("d", "units", "K"));
    ASSERT_TRUE(store.Attribute("", "title", "four arrays"));
  };
  {
    Store store;
    declare(store);
    ASSERT_TRUE(store.Save(1));
  }
  const std::vector<double> before = std::exchange(d, std::vector<double>(120));
  Store store;
  declare(store);
  std::uint64_t step = 0;
  ASSERT_TRUE(store.Load(step));
  EXPECT_EQ(d, before);
}

TEST_F(AbiTest, WrongUseIsNamedAndHarmless) {
  std::vector<double> data(4);
  Store store;
  EXPECT_EQ(bsub_checkpoint_save(nullptr, 1), BSUB_CHECKPOINT_INVALID);
  EXPECT_EQ(bsub_checkpoint_close(nullptr), BSUB_CHECKPOINT_OK);
  EXPECT_STREQ(bsub_checkpoint_message(nullptr), "");
  EXPECT_EQ(bsub_checkpoint_should_checkpoint(nullptr), 0);
  EXPECT_EQ(bsub_checkpoint_open(nullptr, nullptr, nullptr), BSUB_CHECKPOINT_INVALID);
  ASSERT_TRUE(store.Open(options_));
  EXPECT_THAT(store.Dataset("", {4}, data.data()).message(), HasSubstr("letters, digits"));
  EXPECT_THAT(store.Dataset("a/b", {4}, data.data()).message(), HasSubstr("\"a/b\""));
  EXPECT_THAT(store.Dataset("u", {4}, {2}, {3}, data.data()).message(),
              HasSubstr("reaches outside of the global shape 4"));
  EXPECT_THAT(store.Dataset("u", {4}, static_cast<double*>(nullptr)).message(), HasSubstr("data is NULL"));
  EXPECT_THAT(store.Dataset("u", {1, 1, 1, 1, 1}, data.data()).message(), HasSubstr("5 dimensions"));
  EXPECT_THAT(store.Dataset("u", {std::uint64_t{1} << 62}, data.data()).message(), HasSubstr("2^60"));
  EXPECT_TRUE(store.Dataset("u", {4}, data.data()));
  EXPECT_THAT(store.Dataset("u", {4}, data.data()).message(), HasSubstr("declared already"));
  EXPECT_THAT(store.Move("v", data.data()).message(), HasSubstr("not declared"));
  EXPECT_TRUE(store.Save(1));
  EXPECT_THAT(store.Dataset("w", {4}, data.data()).message(), HasSubstr("before the first save or load"));
  options_.compression = 10;
  const Status refused = Store().Open(options_);
  EXPECT_EQ(refused.code(), BSUB_CHECKPOINT_INVALID);
  EXPECT_THAT(refused.message(), HasSubstr("options.compression: 10; 1 to 9"));
}

TEST_F(AbiTest, AStoreThatCannotBeWrittenIsNamed) {
  std::ofstream(directory_) << "a file is in the way";
  const Status opened = Store().Open(options_);
  EXPECT_EQ(opened.code(), BSUB_CHECKPOINT_IO);
  EXPECT_THAT(opened.message(), HasSubstr(directory_));
}

TEST_F(AbiTest, TheJobsOwnStoreIsExpectedWhereASaveIsKnown) {
  const std::string own = folder_ + "/12";
  const std::string of_phase = own + "/post";
  setenv("BSUB_JOB_ID", "12", 1);
  setenv("BSUB_SAVED_GENERATION", "7", 1);
  setenv("BSUB_CHECKPOINT_DIR", own.c_str(), 1);
  EXPECT_TRUE(Store().Open(options_)) << "of others nobody knows anything";
  setenv("BSUB_CHECKPOINT_DIR", of_phase.c_str(), 1);
  options_.directory = of_phase.c_str();
  EXPECT_TRUE(Store().Open(options_)) << "nor of what a script has put in its place";
  std::filesystem::remove_all(own);
  setenv("BSUB_CHECKPOINT_DIR", own.c_str(), 1);
  options_.directory = own.c_str();
  const Status opened = Store().Open(options_);
  for (const char* name : {"BSUB_JOB_ID", "BSUB_SAVED_GENERATION", "BSUB_CHECKPOINT_DIR"}) unsetenv(name);
  EXPECT_EQ(opened.code(), BSUB_CHECKPOINT_IO);
  EXPECT_THAT(opened.message(), HasSubstr("though generation 7 was saved"));
  EXPECT_THAT(Reports(), Contains("failed"));
  EXPECT_THAT(last_.Text("reason"), HasSubstr("though generation 7 was saved"));
}

TEST_F(AbiTest, AnOlderProgramsShorterOptionsAreTaken) {
  Options older = options_;
  older.size = offsetof(bsub_checkpoint_options, interval_seconds);
  older.keep = 77'000'000;  // behind what that program knew of: not read
  Store store;
  EXPECT_TRUE(store.Open(older));
}

TEST_F(AbiTest, ASaveNamesItsStore) {
  std::vector<double> u(1000);
  Store store;
  ASSERT_TRUE(store.Open(options_));
  ASSERT_TRUE(store.Dataset("u", {1000}, u.data()));
  ASSERT_TRUE(store.Save(1));
  ASSERT_THAT(Reports(), Contains("committed"));
  for (const control::Report& line : Lines()) {
    if (line.kind == "committed") {
      EXPECT_EQ(line.Text("store"), directory_);
    }
  }
}

TEST_F(AbiTest, AStopIsSeenSavedAndReported) {
  std::vector<double> u(1000);
  Store store;
  ASSERT_TRUE(store.Open(options_));
  ASSERT_TRUE(store.Dataset("u", {1000}, u.data()));
  std::uint64_t step = 0;
  EXPECT_TRUE(store.Load(step).nothing_saved());
  EXPECT_FALSE(store.Step(1).stop);
  page_.Write({0, 1, control::Reason::kInterruption, control::MonotonicNs() + 60'000'000'000, 0, 0});
  const Store::Stepped stepped = store.Step(2);
  EXPECT_TRUE(stepped.stop);
  EXPECT_TRUE(stepped.status) << stepped.status.message();
  EXPECT_TRUE(store.ShouldStop());
  EXPECT_NEAR(bsub_checkpoint_remaining_seconds(store.get()), 60, 5);
  EXPECT_THAT(Reports(), IsSupersetOf({"opened", "progress", "stopping", "saving", "committed", "stopped"}));
  EXPECT_EQ(last_.kind, "stopped");
  EXPECT_EQ(last_.Number("generation"), 1u);
  EXPECT_EQ(last_.Number("step"), 2u);
}

TEST_F(AbiTest, TooLittleTimeFallsBackToTheLastGenerationAndSaysSo) {
  std::vector<double> u(1000);
  Store store;
  ASSERT_TRUE(store.Open(options_));
  ASSERT_TRUE(store.Dataset("u", {1000}, u.data()));
  ASSERT_TRUE(store.Save(1));
  page_.Write({0, 1, control::Reason::kInterruption, control::MonotonicNs() - 1, 0, 0});
  const Store::Stepped stepped = store.Step(2);
  EXPECT_TRUE(stepped.stop);
  EXPECT_THAT(Reports(), Contains("failed"));
  EXPECT_EQ(last_.kind, "stopped");
  EXPECT_EQ(last_.Number("step"), 1u);
}

// As stencil, render and the kernel host do.
TEST_F(AbiTest, TheFourCallsStopTooWhenThereIsTooLittleTime) {
  std::vector<double> u(1000);
  Store store;
  ASSERT_TRUE(store.Open(options_));
  ASSERT_TRUE(store.Dataset("u", {1000}, u.data()));
  ASSERT_TRUE(store.Save(1));
  page_.Write({0, 1, control::Reason::kInterruption, control::MonotonicNs() - 1, 0, 0});
  EXPECT_FALSE(store.ShouldCheckpoint());
  EXPECT_TRUE(store.ShouldStop());
  EXPECT_TRUE(store.Stopped());
  EXPECT_THAT(Reports(), IsSupersetOf({"stopping", "failed"}));
  EXPECT_EQ(last_.kind, "stopped");
}

TEST_F(AbiTest, NumbersInTheEnvironmentAreReadAlikeInEachLocale) {
  const char* before = std::setlocale(LC_ALL, nullptr);
  const std::string kept = before != nullptr ? before : "C";
  for (const char* locale : {"C", "de_DE.UTF-8"}) {
    std::setlocale(LC_ALL, locale);  // where it is not installed the test says less
    setenv("BSUB_CHECKPOINT_INTERVAL", "2.5", 1);
    EXPECT_EQ(Options().interval_seconds, 2.5) << locale;
    std::string line = control::FormatReport(control::Report("committed").Add("seconds", 0.125));
    EXPECT_THAT(line, HasSubstr("seconds=0.125000")) << locale;
  }
  std::setlocale(LC_ALL, kept.c_str());
  setenv("BSUB_CHECKPOINT_INTERVAL", "30s", 1);
  Store store;
  const Status opened = store.Open(options_);
  unsetenv("BSUB_CHECKPOINT_INTERVAL");
  EXPECT_EQ(opened.code(), BSUB_CHECKPOINT_INVALID);
  EXPECT_THAT(opened.message(), HasSubstr("BSUB_CHECKPOINT_INTERVAL: '30s'; expected a number"));
}

TEST_F(AbiTest, WhoHoldsTheLockOfHdf5IsToldSo) {
  std::vector<double> u(1000);
  options_.compression = 1;
  Store store;
  ASSERT_TRUE(store.Open(options_));
  ASSERT_TRUE(store.Dataset("u", {1000}, u.data()));
  bsub_checkpoint_lock_hdf5();
  const Status saved = store.Save(1);  // its threads would wait for the lock for ever
  bsub_checkpoint_unlock_hdf5();
  EXPECT_EQ(saved.code(), BSUB_CHECKPOINT_INVALID);
  EXPECT_THAT(saved.message(), HasSubstr("bsub_checkpoint_lock_hdf5"));
  EXPECT_TRUE(store.Save(1));
}

// A program that ends by an exception leaves its load counted, and does not wait for anybody.
TEST_F(AbiTest, AStoreThatIsNotClosedHasNotEndedInOrder) {
  std::vector<double> u(10);
  const auto begin = [&](Store& store) {
    ASSERT_TRUE(store.Open(options_));
    ASSERT_TRUE(store.Dataset("u", {10}, u.data()));
  };
  for (const std::uint64_t step : {1, 2}) {
    Store store;
    begin(store);
    ASSERT_TRUE(store.Save(step));
  }
  std::uint64_t step = 0;
  for (int attempt = 0; attempt < 3; ++attempt) {
    Store store;
    begin(store);
    ASSERT_TRUE(store.Load(step));
    EXPECT_EQ(step, 2u);
  }
  Store store;
  begin(store);
  ASSERT_TRUE(store.Load(step));
  EXPECT_EQ(step, 1u) << "three programs ended by an error with what they had loaded";
}

TEST_F(AbiTest, ARequestedSaveIsMadeOnce) {
  std::vector<double> u(10);
  Store store;
  ASSERT_TRUE(store.Open(options_));
  ASSERT_TRUE(store.Dataset("u", {10}, u.data()));
  EXPECT_FALSE(store.ShouldCheckpoint());
  page_.Write({1, 0, control::Reason::kNone, 0, 0, 0});
  EXPECT_TRUE(store.ShouldCheckpoint());
  ASSERT_TRUE(store.Save(1));
  EXPECT_FALSE(store.ShouldCheckpoint());
}

TEST_F(AbiTest, TheIntervalIsKept) {
  std::vector<double> u(10);
  options_.interval_seconds = 1e-9;
  Store store;
  ASSERT_TRUE(store.Open(options_));
  ASSERT_TRUE(store.Dataset("u", {10}, u.data()));
  EXPECT_FALSE(store.Step(1).stop);
  EXPECT_TRUE(store.Step(2).status);
  EXPECT_EQ(store.Facts().step, 2u);
  EXPECT_EQ(store.Facts().state_bytes, 80u);
}

// Files may not grow beyond `bytes`. SIGXFSZ is as a program finds it: it would end it.
void LimitFiles(rlim_t bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}

Status SaveAndWait(Store& store, std::uint64_t step) {
  Status saved = store.Save(step);
  return saved ? store.Wait() : saved;
}

// A process that meets the limit in its first save and makes a second one; its exit code says what was wrong.
[[noreturn]] void SaveWithoutRoom(const Options& options) {
  std::vector<std::uint64_t> u(1 << 18);
  Store store;
  if (!store.Open(options) || !store.Dataset("u", {u.size()}, u.data())) std::exit(1);
  LimitFiles(200'000);
  if (SaveAndWait(store, 1).code() != BSUB_CHECKPOINT_IO) std::exit(2);
  LimitFiles(RLIM_INFINITY);
  if (!SaveAndWait(store, 2)) std::exit(3);
  std::exit(0);
}

// HDF5 1.10 would crash at the end of a process in which it could not write to a file.
TEST_F(AbiTest, WithoutRoomTheProgramGoesOnAndEndsInOrder) {
  for (const int compression : {0, 1}) {
    for (const int asynchronous : {0, 1}) {
      options_.compression = compression;
      options_.asynchronous = asynchronous;
      EXPECT_EXIT(SaveWithoutRoom(options_), ::testing::ExitedWithCode(0), "")
          << "compression " << compression << ", asynchronous " << asynchronous;
    }
  }
}

[[noreturn]] void EndInTheMiddleOfASave(const Options& options) {
  static std::vector<double> u(1 << 20);
  auto* store = new Store;
  if (!store->Open(options) || !store->Dataset("u", {u.size()}, u.data()) || !store->Save(1)) std::exit(1);
  std::exit(0);  // without closing: the threads are still compressing
}

TEST_F(AbiTest, AProgramThatEndsInTheMiddleOfASaveEndsCleanly) {
  options_.asynchronous = 1;
  options_.compression = 1;
  EXPECT_EXIT(EndInTheMiddleOfASave(options_), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace bsub::checkpoint
