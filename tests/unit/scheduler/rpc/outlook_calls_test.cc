// Forecasts on the readers' threads, which a scheduler that stops does not wait for.
#include "scheduler/rpc/outlook_calls.h"

#include <gmock/gmock.h>

#include <future>
#include <memory>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const sched::StartStudy> AnyStudy() {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job().Walltime(1h));
  const JobId second = env.Submit(Job().Walltime(1h));
  return env.scheduler().ForecastOf({second, std::nullopt}, env.now(), 1000)->study;
}

Status Fill(rpc::BlockingPool& readers, v1::Outlook& outlook) {
  const auto answer = std::make_shared<std::promise<Status>>();
  rpc::FillOutlook(readers, AnyStudy(), outlook,
                   [answer](const Status& status) { answer->set_value(status); });
  return answer->get_future().get();
}

TEST(OutlookCalls, FillWhatWasFound) {
  rpc::BlockingPool readers(1);
  v1::Outlook outlook;
  EXPECT_EQ(Says(Fill(readers, outlook)), "ok");
  EXPECT_EQ(outlook.position(), 2u);
}

TEST(OutlookCalls, OfASchedulerThatStopsSaySo) {
  rpc::BlockingPool readers(1);
  readers.BeginStop();
  v1::Outlook outlook;
  const Status status = Fill(readers, outlook);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kUnavailable);
  EXPECT_THAT(status.error().message, ::testing::HasSubstr("the scheduler is stopping"));
}

}  // namespace
}  // namespace bsub::testing
