#include "worker/rpc/report_gatherer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace bsub::worker {
namespace {

constexpr Duration kForEver = std::chrono::hours(1);

v1::FromNode Report(std::uint64_t job, bool ended, std::uint64_t incarnation = 1) {
  v1::FromNode message;
  message.set_incarnation(incarnation);
  message.mutable_task()->mutable_attempt()->set_job(job);
  message.mutable_task()->set_started(true);
  message.mutable_task()->set_ended(ended);
  return message;
}

class ReportGathererTest : public ::testing::Test {
 protected:
  std::size_t Sent() {
    const std::lock_guard lock(mutex_);
    return sent_.size();
  }
  v1::FromNode WaitForMessage(std::size_t index) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return sent_.size() > index; }));
    return sent_.size() > index ? sent_[index] : v1::FromNode();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<v1::FromNode> sent_;
  ReportGatherer gatherer_{[this](v1::FromNode message) {
    const std::lock_guard lock(mutex_);
    sent_.push_back(std::move(message));
    changed_.notify_all();
  }};
};

TEST_F(ReportGathererTest, ASchedulerThatTakesOneAtATimeGetsThemSo) {
  gatherer_.Add(Report(1, false));
  gatherer_.Add(Report(1, true));
  ASSERT_EQ(Sent(), 2u);
  EXPECT_TRUE(sent_[0].has_task());
  EXPECT_TRUE(sent_[1].task().ended());
}

TEST_F(ReportGathererTest, AStartWaitsForTheNextEnd) {
  gatherer_.Begin(kForEver, 100);
  gatherer_.Launched(2);
  gatherer_.Add(Report(1, false));
  EXPECT_EQ(Sent(), 0u);
  gatherer_.Add(Report(1, true));  // after a quiet time: at once
  ASSERT_EQ(Sent(), 1u);
  ASSERT_EQ(sent_[0].tasks().tasks_size(), 2);
  EXPECT_FALSE(sent_[0].tasks().tasks(0).ended());
  EXPECT_TRUE(sent_[0].tasks().tasks(1).ended());
}

TEST_F(ReportGathererTest, EndsThatFollowCloselyGoTogether) {
  gatherer_.Begin(kForEver, 2);
  gatherer_.Launched(4);
  gatherer_.Add(Report(1, true));
  gatherer_.Add(Report(2, true));
  gatherer_.Add(Report(3, true));
  EXPECT_EQ(Sent(), 1u);
  gatherer_.Reset();  // its Hello will tell
  gatherer_.Begin(std::chrono::milliseconds(1), 1);
  gatherer_.Launched(10);
  for (std::uint64_t job = 10; job < 14; ++job) gatherer_.Add(Report(job, true, 2));
  std::size_t told = 0;
  for (std::size_t i = 1; told < 4; ++i) {
    const v1::FromNode message = WaitForMessage(i);
    ASSERT_GT(message.tasks().tasks_size(), 0);
    EXPECT_EQ(message.incarnation(), 2u);
    for (const v1::TaskReport& task : message.tasks().tasks()) EXPECT_EQ(task.attempt().job(), 10 + told++);
  }
}

TEST_F(ReportGathererTest, TheOnlyTaskHasNobodyToWaitFor) {
  gatherer_.Begin(kForEver, 1'000'000'000);
  gatherer_.Add(Report(1, true));
  gatherer_.Add(Report(2, true));
  EXPECT_EQ(Sent(), 2u);
}

}  // namespace
}  // namespace bsub::worker
