#include "cli/run_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/cli/fake_scheduler.h"

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;

class RunCluster : public ::testing::Test {
 protected:
  // As `run` with BSUB_LITE_SERVER reaches it.
  static Address Elsewhere(const FakeScheduler& scheduler) {
    Address address;
    address.local = false;
    address.server = "unix:" + scheduler.home() + "/run/scheduler.sock";
    return address;
  }

  FakeScheduler scheduler_;
  Client client_ = *Client::Make(Elsewhere(scheduler_));
  std::istringstream in_;
  std::ostringstream out_, err_;
  const Context context_{
      .in = in_, .out = out_, .err = err_, .terminal = {}, .environment = {}, .commands = nullptr};
  GrpcPipelineCluster cluster_{client_, context_};
};

// The local user's number says nothing there: what runs already would be submitted once more.
TEST_F(RunCluster, FindsTheJobsOfWhoeverItsTokenStandsFor) {
  ASSERT_TRUE(cluster_.FindJobs({.name = "genome", .file = "/p/d\xe9/run.yaml"}));
  const v1::JobFilter filter = scheduler_.list_jobs.requests.at(0).filter();
  EXPECT_EQ(filter.owner(), "@me");
  EXPECT_EQ(filter.tags().at("bsub:file"), "/p/d\\xe9/run.yaml");
}

TEST_F(RunCluster, AsksForOneJobsFailedTasksAndNoMoreThanItTells) {
  scheduler_.list_jobs.answer = [](const v1::ListJobsRequest&, grpc::ServerWriter<v1::Job>& writer,
                                   grpc::ServerContext&) {
    v1::Job job;
    job.set_id(7);
    job.set_index(3);
    job.set_display_id("7[3]");
    job.mutable_exit()->set_text("exited with code 2");
    writer.Write(job);
    return grpc::Status::OK;
  };
  const auto failed = cluster_.FailedTasks(7, 5);
  ASSERT_TRUE(failed) << failed.error().message;
  ASSERT_EQ(failed->size(), 1u);
  EXPECT_EQ(failed->front().target, "7[3]");
  ASSERT_EQ(scheduler_.list_jobs.requests.size(), 1u);
  const v1::ListJobsRequest& request = scheduler_.list_jobs.requests.front();
  EXPECT_THAT(request.targets(), ElementsAre("7"));
  EXPECT_THAT(request.filter().states(), ElementsAre("FAILED"));
  EXPECT_TRUE(request.children());
  EXPECT_EQ(request.limit(), 5u);
}

TEST_F(RunCluster, AsksForWhatAStepSaysOfItsSaves) {
  Step step;
  step.argv = {"x"};
  const auto request = [&] {
    return *RequestFor({.step = &step, .pipeline = {}, .label = {}, .dependency = "", .token = ""}, context_);
  };
  EXPECT_FALSE(request().has_checkpoint());
  step.checkpoint = {
      .directory = "/saved", .signal = 10, .signal_group = true, .grace = std::chrono::minutes(1)};
  EXPECT_EQ(request().checkpoint().directory(), "/saved");
  EXPECT_EQ(request().checkpoint().signal(), "USR1@group");
  EXPECT_EQ(request().stop_grace_us(), 60'000'000);
}

TEST_F(RunCluster, ARequeueWhoseAnswerWasLostIsNotRepeated) {
  scheduler_.control.answer = [&](const v1::ControlRequest&, v1::ControlReply&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "killed");
  };
  EXPECT_FALSE(cluster_.Requeue({"7"}));
  EXPECT_EQ(scheduler_.control.requests.size(), 1u);
}

}  // namespace
}  // namespace bsub::cli
