#include "cli/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/cli/fake_scheduler.h"

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class Control : public ::testing::Test {
 protected:
  Control() {
    scheduler_.control.answer = [](const v1::ControlRequest& request, v1::ControlReply& reply) {
      for (const std::string& target : request.targets()) {
        v1::ControlResult& result = *reply.add_results();
        result.set_target(target);
        if (!target.starts_with('9')) continue;
        result.set_error_code(grpc::StatusCode::NOT_FOUND);
        result.set_error(target == "9" ? "does not exist" : "job 9 is no array; name it without an index");
      }
      return grpc::Status::OK;
    };
  }
  v1::ControlRequest Sent() const { return scheduler_.control.requests.back(); }
  FakeScheduler scheduler_;
};

TEST_F(Control, EachCommandAsksForItsAction) {
  const CliRun run = scheduler_.Cli();
  EXPECT_EQ(run({"cancel", "1", "2[3]", "--reason", "wrong input"}).out,
            "Job <1> is being cancelled.\nJob <2[3]> is being cancelled.\n");
  EXPECT_EQ(Sent().action(), v1::CANCEL);
  EXPECT_EQ(Sent().reason(), "wrong input");
  EXPECT_EQ(run({"hold", "1"}).out, "Job <1> is held.\n");
  EXPECT_EQ(Sent().action(), v1::HOLD);
  EXPECT_EQ(run({"release", "1"}).out, "Job <1> is released.\n");
  EXPECT_EQ(Sent().action(), v1::RELEASE);
  EXPECT_EQ(run({"requeue", "1"}).out, "Job <1> is requeued.\n");
  EXPECT_EQ(Sent().action(), v1::REQUEUE);
  EXPECT_EQ(run({"priority", "-5", "1"}).out, "Job <1> has priority -5.\n");
  EXPECT_EQ(Sent().action(), v1::SET_PRIORITY);
  EXPECT_EQ(Sent().priority(), -5);
  EXPECT_THAT(Sent().targets(), ElementsAre("1"));
}

// The first one may have been obeyed although no answer came.
TEST_F(Control, ARequestThatIsSentAgainSaysSo) {
  for (const char* command : {"cancel", "release", "hold"}) {
    std::vector<bool> again;
    scheduler_.control.answer = [&](const v1::ControlRequest& request, v1::ControlReply& reply) {
      again.push_back(request.again());
      if (again.size() == 1) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "killed");
      reply.add_results()->set_target("1");
      return grpc::Status::OK;
    };
    EXPECT_EQ(scheduler_.Cli()({command, "1"}).code, 0);
    EXPECT_THAT(again, ElementsAre(false, true)) << command;
  }
}

// Said twice it could run a job twice that ended in between.
TEST_F(Control, ARequeueIsNotSentAgain) {
  scheduler_.control.answer = [&](const v1::ControlRequest&, v1::ControlReply&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "killed");
  };
  const CliResult result = scheduler_.Cli()({"requeue", "1"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("it may have been done: look at the job before you say it again"));
  EXPECT_EQ(scheduler_.control.requests.size(), 1u);
}

TEST_F(Control, WhatIsNoUtf8IsNamed) {
  const CliResult result = scheduler_.Cli()({"cancel", "1", "--reason", "wrong\xe9"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("reason: 'wrong\\xe9' is not UTF-8"));
}

TEST_F(Control, WhatFailsIsNamedAndDecidesTheCode) {
  const CliResult result = scheduler_.Cli()({"cancel", "1", "9", "2"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.out, "Job <1> is being cancelled.\nJob <2> is being cancelled.\n");
  EXPECT_EQ(result.err, "bsub-lite cancel: job 9: does not exist\n");
}

TEST_F(Control, AMessageThatNamesTheJobNamesItOnce) {
  const CliResult result = scheduler_.Cli()({"hold", "9[2]"});
  EXPECT_EQ(result.err, "bsub-lite hold: job 9 is no array; name it without an index\n");
}

TEST_F(Control, ChosenByAFilter) {
  EXPECT_EQ(scheduler_.Cli()({"cancel", "--queue", "low", "--state", "pend"}).code, 0);
  EXPECT_EQ(Sent().filter().queue(), "low");
  EXPECT_EQ(Sent().filter().owner(), std::to_string(geteuid()));
  EXPECT_THAT(Sent().targets(), SizeIs(0));
  EXPECT_EQ(scheduler_.Cli()({"cancel", "--all"}).code, 0);
  EXPECT_TRUE(Sent().has_filter());
}

TEST_F(Control, NothingIsEverChosenByAccident) {
  const CliResult none = scheduler_.Cli()({"cancel"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("--all"));
  EXPECT_EQ(scheduler_.Cli()({"cancel", "--all", "1"}).code, 2);
  EXPECT_EQ(scheduler_.Cli()({"cancel", "x"}).code, 2);
  EXPECT_EQ(scheduler_.Cli()({"priority", "high", "1"}).code, 2);
  for (const char* option : {"--queue", "--user", "--name", "--project", "--node"}) {
    const CliResult unset = scheduler_.Cli()({"cancel", option, ""});
    EXPECT_EQ(unset.code, 2) << option;
    EXPECT_THAT(unset.err, HasSubstr(std::string(option) + " '': expected a name"));
  }
  EXPECT_THAT(scheduler_.control.requests, SizeIs(0));
}

}  // namespace
}  // namespace bsub::cli
