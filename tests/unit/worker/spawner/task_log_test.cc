#include "worker/spawner/task_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace bsub::spawner {
namespace {

wire::LogRecord Session() {
  wire::LogRecord record;
  record.mutable_session()->set_format(1);
  record.mutable_session()->set_boot_id("boot");
  return record;
}
wire::LogRecord Launched(std::uint64_t job) {
  wire::LogRecord record;
  record.mutable_launched()->mutable_attempt()->set_job(job);
  record.mutable_launched()->set_pid(static_cast<std::int64_t>(1000 + job));
  return record;
}
wire::LogRecord Ended(std::uint64_t job, std::int32_t code) {
  wire::LogRecord record;
  record.mutable_ended()->mutable_attempt()->set_job(job);
  record.mutable_ended()->mutable_ended()->set_code(code);
  return record;
}
wire::LogRecord Acked(std::uint64_t job) {
  wire::LogRecord record;
  record.mutable_acked()->set_job(job);
  return record;
}

std::string Encode(const std::vector<wire::LogRecord>& records) {
  std::string bytes;
  for (const wire::LogRecord& record : records) AppendRecord(bytes, record);
  return bytes;
}

TEST(TaskLogRecovery, KnowsWhatRunsAndWhatNobodyAcknowledged) {
  const RecoveredLog log = RecoverTaskLog(Encode(
      {Session(), Launched(1), Launched(2), Ended(2, 3), Launched(3), Ended(3, 0), Acked(3), Ended(4, 0)}));
  EXPECT_EQ(log.boot_id, "boot");
  EXPECT_EQ(log.damage, "");
  ASSERT_EQ(log.running.size(), 1u);
  EXPECT_EQ(log.running[0].pid(), 1001);
  ASSERT_EQ(log.unacknowledged.size(), 2u);
  EXPECT_EQ(log.unacknowledged[0].ended().code(), 3);
  EXPECT_EQ(log.unacknowledged[1].attempt().job(), 4u);
}

TEST(TaskLogRecovery, CutAnywhereKeepsEveryWholeRecord) {
  const std::vector<wire::LogRecord> records = {Session(), Launched(1), Launched(2), Ended(1, 7)};
  const std::string bytes = Encode(records);
  std::vector<std::size_t> ends;
  for (std::size_t n = 0; n <= records.size(); ++n)
    ends.push_back(Encode({records.begin(), records.begin() + static_cast<long>(n)}).size());
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const RecoveredLog log = RecoverTaskLog(std::string_view(bytes).substr(0, cut));
    const auto whole = std::upper_bound(ends.begin(), ends.end(), cut) - 1;
    EXPECT_EQ(log.good_bytes, *whole) << cut;
    EXPECT_EQ(log.damage.empty(), *whole == cut) << cut;
    const std::size_t expected_running = *whole >= ends[4]   ? 1
                                         : *whole >= ends[3] ? 2
                                         : *whole >= ends[2] ? 1
                                                             : 0;
    EXPECT_EQ(log.running.size(), expected_running) << cut;
    EXPECT_EQ(log.unacknowledged.size(), *whole >= ends[4] ? 1u : 0u) << cut;
  }
}

TEST(TaskLogRecovery, KeepsTheEndsBehindABadRecord) {
  const std::vector<wire::LogRecord> records = {Session(), Launched(1), Launched(2), Ended(1, 0),
                                                Ended(2, 0)};
  const std::string bytes = Encode(records);
  const std::size_t begin = Encode({Session()}).size(), end = Encode({Session(), Launched(1)}).size();
  for (std::size_t bit = begin * 8; bit < end * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const RecoveredLog log = RecoverTaskLog(damaged);
    EXPECT_EQ(log.good_bytes, begin) << bit;
    EXPECT_EQ(log.kept_behind, 3u) << bit;
    EXPECT_THAT(log.damage, ::testing::HasSubstr("3 good ones behind it were kept")) << bit;
    EXPECT_TRUE(log.running.empty()) << bit;
    EXPECT_EQ(log.unacknowledged.size(), 2u) << bit;
  }
}

TEST(TaskLogRecovery, TextInABadRecordIsNoRecord) {
  std::string text;  // a whole record, and a string of ASCII as the field wants it
  for (int n = 0; text.empty(); ++n) {
    wire::LogRecord ended = Ended(1, 0);
    ended.mutable_ended()->mutable_ended()->set_reason(std::to_string(n));
    const std::string record = Encode({ended});
    if (std::all_of(record.begin(), record.end(), [](char c) { return c >= 0; })) text = record;
  }
  wire::LogRecord launched = Launched(1);
  launched.mutable_launched()->set_cgroup(text);
  std::string bytes = Encode({Session(), launched, Ended(1, 3)});
  bytes[Encode({Session()}).size() + 6] ^= 1;
  const RecoveredLog log = RecoverTaskLog(bytes);
  ASSERT_EQ(log.unacknowledged.size(), 1u);
  EXPECT_EQ(log.unacknowledged[0].ended().code(), 3);
}

TEST(TaskLogRecovery, NoticesEveryFlippedBit) {
  const std::string bytes = Encode({Session(), Launched(1), Ended(1, 0)});
  const std::size_t first = Encode({Session()}).size();
  for (std::size_t bit = first * 8; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const RecoveredLog log = RecoverTaskLog(damaged);
    EXPECT_FALSE(log.damage.empty()) << bit;
    EXPECT_LT(log.good_bytes, bytes.size()) << bit;
  }
}

class TaskLogFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "log-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  RecoveredLog Recover() const {
    std::ifstream in(dir_ + "/log", std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    return RecoverTaskLog(all.str());
  }
  std::string dir_;
};

TEST_F(TaskLogFile, HoldsWhatWasCommitted) {
  auto log = TaskLog::Create(dir_ + "/log", SyncPolicy::kAll, {Session()});
  ASSERT_TRUE(log.has_value());
  log->Add(Launched(1));
  EXPECT_TRUE(Recover().running.empty()) << "not committed yet";
  ASSERT_TRUE(log->Commit().has_value());
  EXPECT_EQ(Recover().running.size(), 1u);
  EXPECT_EQ(log->size(), std::filesystem::file_size(dir_ + "/log"));
  ASSERT_TRUE(TaskLog::Create(dir_ + "/log", SyncPolicy::kAll, {Session(), Ended(9, 1)}).has_value());
  EXPECT_TRUE(Recover().running.empty());
  EXPECT_EQ(Recover().unacknowledged.size(), 1u);
}

TEST_F(TaskLogFile, IsUnchangedByACommitThatFails) {
  auto log = TaskLog::Create(dir_ + "/log", SyncPolicy::kAll, {Session()});
  ASSERT_TRUE(log.has_value());
  // Files may not grow: the same as a full disk, without needing one.
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit full = before;
  full.rlim_cur = log->size() + 20;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  wire::LogRecord big = Launched(1);
  big.mutable_launched()->set_cgroup(std::string(500, 'c'));
  log->Add(big);
  const Status failed = log->Commit();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message, ::testing::HasSubstr("cannot write"));
  EXPECT_EQ(std::filesystem::file_size(dir_ + "/log"), log->size());
  EXPECT_EQ(Recover().damage, "");

  EXPECT_TRUE(log->Commit().has_value()) << "and may be tried again";
  EXPECT_EQ(Recover().running.size(), 1u);
}

}  // namespace
}  // namespace bsub::spawner
