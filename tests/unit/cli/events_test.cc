#include "cli/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/unit/cli/fake_scheduler.h"

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using EventWriter = grpc::ServerWriter<v1::Event>;

v1::Event EventAt(std::uint64_t sequence) {
  v1::Event event;
  event.set_sequence(sequence);
  event.set_at_us(1'795'227'480'000'000);
  event.set_kind("JobSubmitted");
  event.set_job(std::to_string(sequence));
  event.set_text("by ada");
  return event;
}

TEST(Events, OneLineEach) {
  FakeScheduler scheduler;
  scheduler.events.answer = [](const v1::EventsRequest&, EventWriter& writer, grpc::ServerContext&) {
    writer.Write(EventAt(1));
    writer.Write(EventAt(2));
    return grpc::Status::OK;
  };
  EXPECT_THAT(scheduler.Cli()({"events"}).out, HasSubstr("  JobSubmitted  job 1  by ada\n"));
  EXPECT_EQ(scheduler.events.requests.back().limit(), 100U);
  const CliResult json = scheduler.Cli()({"events", "--json", "7"});
  EXPECT_THAT(
      json.out,
      HasSubstr("{\"sequence\":1,\"at\":\"2026-11-21T02:18:00Z\",\"kind\":\"JobSubmitted\",\"job\":\"1\""));
  EXPECT_EQ(std::count(json.out.begin(), json.out.end(), '\n'), 2);
  EXPECT_EQ(scheduler.events.requests.back().limit(), 0U);
  EXPECT_THAT(scheduler.events.requests.back().targets(), ElementsAre("7"));
}

TEST(Events, FollowingShowsEachOnceOverARestart) {
  FakeScheduler scheduler;
  std::atomic<int> calls = 0;
  scheduler.events.answer = [&calls](const v1::EventsRequest& request, EventWriter& writer,
                                     grpc::ServerContext&) {
    EXPECT_TRUE(request.follow());
    if (++calls == 1) {
      writer.Write(EventAt(1));
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "restart");
    }
    EXPECT_EQ(request.after_sequence(), 1U);
    EXPECT_EQ(request.limit(), 0U);
    writer.Write(EventAt(2));
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "enough");
  };
  const CliResult result = scheduler.Cli()({"events", "--follow"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 2);
  EXPECT_EQ(calls, 2);
}

TEST(Events, BadNumbers) {
  const CliRun run;
  EXPECT_EQ(run({"events", "--limit", "x"}).code, 2);
  EXPECT_EQ(run({"events", "--after", "-1"}).code, 2);
}

}  // namespace
}  // namespace bsub::cli
