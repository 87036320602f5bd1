#include "scheduler/rpc/node_translation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::rpc {
namespace {

using ::testing::HasSubstr;

v1::Hello Hello() {
  v1::Hello hello;
  hello.set_name("n1");
  hello.set_spawner_id("s");
  hello.set_cpu_milli(1000);
  return hello;
}

v1::TaskReport Ended(EndKind kind, int code) {
  v1::TaskReport report;
  report.mutable_attempt()->set_job(7);
  report.mutable_attempt()->set_number(1);
  report.set_ended(true);
  report.set_end_kind(static_cast<int>(kind));
  report.set_code(code);
  return report;
}

TEST(TranslateHello, TakesTheTasksAlong) {
  v1::Hello hello = Hello();
  hello.set_kill_on_lease_loss(true);
  *hello.add_tasks() = Ended(EndKind::kSignalled, 9);
  const auto input = TranslateHello(hello);
  ASSERT_TRUE(input) << input.error().message;
  EXPECT_EQ(input->description.on_lease_loss, sched::OnLeaseLoss::kKill);
  ASSERT_EQ(input->tasks.size(), 1u);
  EXPECT_EQ(input->tasks[0].attempt.task.job, JobId(7));
  EXPECT_EQ(input->tasks[0].end.code, 9);
}

TEST(TranslateHello, RefusesWhatNoNodeIs) {
  v1::Hello name = Hello(), cpu = Hello(), task = Hello(), control = Hello();
  name.set_name("../x");
  cpu.set_cpu_milli(0);
  task.add_tasks();
  control.set_host("a\nb");
  EXPECT_THAT(TranslateHello(name).error().message, HasSubstr("name: '../x'"));
  EXPECT_THAT(TranslateHello(cpu).error().message, HasSubstr("at least some CPU"));
  EXPECT_THAT(TranslateHello(task).error().message, HasSubstr("names no attempt"));
  EXPECT_THAT(TranslateHello(control).error().message, HasSubstr("host"));
}

TEST(TranslateTask, AReasonIsUtf8AndCutBetweenTwoCharacters) {
  v1::TaskReport report = Ended(EndKind::kNeverStarted, 0);
  report.set_reason("cannot run 'x\xe9'\nat all");
  EXPECT_EQ(TranslateTask(report)->end.reason, "cannot run 'x\\xe9' at all");
  report.set_reason(std::string(1023, 'x') + "\xc3\xa9");
  EXPECT_EQ(TranslateTask(report)->end.reason, std::string(1023, 'x'));
}

TEST(TranslateTask, EndsThatOnlyTheSchedulerDecidesAreRefused) {
  EXPECT_TRUE(TranslateTask(Ended(EndKind::kExited, 0)));
  EXPECT_TRUE(TranslateTask(Ended(EndKind::kOutOfMemory, 0)));
  EXPECT_FALSE(TranslateTask(Ended(EndKind::kDependencyFailed, 0)));
  EXPECT_FALSE(TranslateTask(Ended(EndKind::kNone, 0)));
  EXPECT_FALSE(TranslateTask(Ended(static_cast<EndKind>(77), 0)));
}

TEST(TranslateTask, WhetherItWasToldToStop) {
  v1::TaskReport report = Ended(EndKind::kSignalled, 9);
  EXPECT_FALSE(TranslateTask(report)->stopped);
  report.set_stopped(true);
  EXPECT_TRUE(TranslateTask(report)->stopped);
}

TEST(TranslateTask, ReasonsAreOneLineAndUsageIsNeverNegative) {
  v1::TaskReport report = Ended(EndKind::kNeverStarted, 0);
  report.set_reason("no such\nprogram");
  report.set_user_us(-5);
  const auto task = TranslateTask(report);
  ASSERT_TRUE(task);
  EXPECT_EQ(task->end.reason, "no such program");
  EXPECT_EQ(task->usage.user_us, 0);
}

TEST(TranslateTask, ALongReasonIsCutBetweenCharacters) {
  v1::TaskReport report = Ended(EndKind::kNeverStarted, 0);
  std::string reason = "x";
  while (reason.size() < 2000) reason += "é";
  report.set_reason(reason);
  const auto task = TranslateTask(report);
  ASSERT_TRUE(task);
  EXPECT_EQ(task->end.reason, reason.substr(0, 1023));
}

TEST(TranslateHello, SaysHowLongTasksOutliveTheLease) {
  v1::Hello hello = Hello();
  EXPECT_FALSE(TranslateHello(hello)->lease_grace);
  hello.set_lease_grace_us(5'000'000);
  EXPECT_EQ(TranslateHello(hello)->lease_grace, Duration(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace bsub::rpc
