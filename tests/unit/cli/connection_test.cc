// How commands find the scheduler and what they say when it is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_scheduler.h"

namespace bsub::cli {
namespace {

using ::testing::HasSubstr;

TEST(Connection, ALongHomeWorks) {
  FakeScheduler scheduler(std::string(120, 'h') + "/with blank");
  scheduler.status.answer = [](const v1::StatusRequest&, v1::StatusReply& reply) {
    reply.set_scheduler_pid(42);
    return grpc::Status::OK;
  };
  const CliResult result = scheduler.Cli()({"status", "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"schedulerPid\": 42"));
}

TEST(Connection, WithoutAClusterNothingIsWaitedFor) {
  const TemporaryDirectory directory;
  CliRun run;
  run.environment.push_back("BSUB_LITE_HOME=" + directory.path());
  for (const char* command : {"jobs", "status", "queues", "nodes"}) {
    const CliResult result = run({command});
    EXPECT_EQ(result.code, kExitUnreachable);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "bsub-lite " + std::string(command) + ": there is no cluster in " +
                              directory.path() + " yet; make one with bsub-lite up, or set BSUB_LITE_HOME\n");
  }
}

TEST(Connection, AClusterThatIsDownIsNotWaitedFor) {
  FakeScheduler scheduler;
  scheduler.Stop();
  scheduler.Abandon();
  const CliResult jobs = scheduler.Cli()({"jobs"});
  EXPECT_EQ(jobs.code, kExitUnreachable);
  EXPECT_EQ(jobs.err,
            "bsub-lite jobs: the cluster in " + scheduler.home() + " is down; start it with bsub-lite up\n");
  const CliResult submit = scheduler.Cli()({"submit", "--", "true"});
  EXPECT_EQ(submit.code, kExitNotSubmitted);
  EXPECT_THAT(submit.err, HasSubstr("is down; start it with bsub-lite up. Job not submitted.\n"));
}

TEST(Connection, TheSchedulersWordsComeOnOneLine) {
  FakeScheduler scheduler;
  scheduler.why.answer = [](const v1::WhyRequest&, v1::WhyReply&) {
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "job 3 is\nada's");
  };
  const CliResult result = scheduler.Cli()({"why", "3"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_EQ(result.err, "bsub-lite why: job 3 is ada's\n");
}

TEST(Connection, ARequestThatTheSchedulerDoesNotKnow) {
  FakeScheduler scheduler;
  scheduler.why.answer = [](const v1::WhyRequest&, v1::WhyReply&) {
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
  };
  const CliResult result = scheduler.Cli()({"why", "3"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_EQ(result.err,
            "bsub-lite why: the cluster in " + scheduler.home() +
                " does not know this request: it is older than this bsub-lite; upgrade the scheduler, or "
                "use the bsub-lite of its version\n");
}

TEST(Connection, AWrongTokenIsNotRetried) {
  const TemporaryDirectory directory;
  const std::string token = directory.Write("token", "wrong");
  std::filesystem::permissions(token, std::filesystem::perms::owner_read);
  bsub::v1::Scheduler::Service refuses;  // answers UNIMPLEMENTED: reached, and refused
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&refuses);
  const auto server = builder.BuildAndStart();
  CliRun run;
  run.environment.push_back("BSUB_LITE_SERVER=127.0.0.1:" + std::to_string(port));
  run.environment.push_back("BSUB_LITE_TOKEN_FILE=" + token);
  EXPECT_EQ(run({"status"}).code, kExitFailed);
  server->Shutdown();
}

}  // namespace
}  // namespace bsub::cli
