#include "cli/jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/unit/cli/fake_scheduler.h"

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

v1::Job RunningJob() {
  v1::Job job;
  job.set_id(12);
  job.set_display_id("12");
  job.set_name("align");
  job.set_state("RUNNING");
  job.set_queue("default");
  job.set_node("n1");
  job.set_owner("ada");
  job.set_submitted_at_us(1'795'227'480'000'000);
  v1::Attempt& attempt = *job.add_attempts();
  attempt.set_number(1);
  attempt.add_nodes("n1");
  attempt.set_phase("running");
  return job;
}

v1::Job ArrayJob() {
  v1::Job job;
  job.set_id(13);
  job.set_display_id("13");
  job.set_name("sim");
  job.set_state("RUNNABLE");
  job.set_held(true);
  job.mutable_array()->set_size(100);
  (*job.mutable_array()->mutable_status_summary())["SUCCEEDED"] = 40;
  (*job.mutable_array()->mutable_status_summary())["FAILED"] = 2;
  job.set_reason("held by ada");
  return job;
}

class Jobs : public ::testing::Test {
 protected:
  Jobs() {
    scheduler_.list_jobs.answer = [](const v1::ListJobsRequest&, grpc::ServerWriter<v1::Job>& writer,
                                     grpc::ServerContext&) {
      writer.Write(RunningJob());
      writer.Write(ArrayJob());
      return grpc::Status::OK;
    };
  }
  v1::ListJobsRequest Sent() const { return scheduler_.list_jobs.requests.back(); }
  FakeScheduler scheduler_;
};

TEST_F(Jobs, ATableOfOnesOwnUnfinishedJobs) {
  const CliResult result = scheduler_.Cli()({"jobs", "--format", "id,name,state,node,tasks,reason"});
  EXPECT_EQ(result.out,
            "JOBID  NAME   STATE            NODE              TASKS  REASON\n"
            "   12  align  RUNNING          n1                    -\n"
            "   13  sim    RUNNABLE (held)  -     42/100 (2 failed)  held by ada\n");
  EXPECT_EQ(Sent().filter().owner(), std::to_string(geteuid()));
  EXPECT_FALSE(Sent().include_finished());
  EXPECT_FALSE(Sent().commands()) << "they cost a look at the disk";
}

TEST_F(Jobs, CommandsAreFetchedWhereTheyAreShown) {
  scheduler_.Cli()({"jobs", "--format", "id,command"});
  EXPECT_TRUE(Sent().commands());
  scheduler_.Cli()({"jobs", "--json"});
  EXPECT_TRUE(Sent().commands());
}

TEST_F(Jobs, Filters) {
  EXPECT_EQ(scheduler_
                .Cli()({"jobs",      "-a",
                        "-q",        "high",
                        "-u",        "all",
                        "--name",    "a*",
                        "--project", "p",
                        "--tag",     "k=v",
                        "--node",    "n1",
                        "--state",   "running,PEND",
                        "--since",   "2026-11-21T02:18:00Z",
                        "--limit",   "5",
                        "--newest",  "--children"})
                .code,
            0);
  const v1::ListJobsRequest request = Sent();
  EXPECT_TRUE(request.include_finished());
  EXPECT_EQ(request.filter().queue(), "high");
  EXPECT_EQ(request.filter().owner(), "*");
  EXPECT_EQ(request.filter().name(), "a*");
  EXPECT_EQ(request.filter().project(), "p");
  EXPECT_EQ(request.filter().tags().at("k"), "v");
  EXPECT_EQ(request.filter().node(), "n1");
  EXPECT_THAT(request.filter().states(), ElementsAre("RUNNING", "pend"));
  EXPECT_EQ(request.filter().submitted_after_at_us(), 1'795'227'480'000'000);
  EXPECT_EQ(request.limit(), 5U);
  EXPECT_TRUE(request.newest_first());
  EXPECT_TRUE(request.children());
}

TEST_F(Jobs, AskingForAFinishedStateIncludesFinishedJobs) {
  scheduler_.Cli()({"jobs", "--state", "failed"});
  EXPECT_TRUE(Sent().include_finished());
}

TEST_F(Jobs, NamedOnesWhoeverOwnsThem) {
  scheduler_.Cli()({"jobs", "12", "13[4]"});
  EXPECT_THAT(Sent().targets(), ElementsAre("12", "13[4]"));
  EXPECT_EQ(Sent().filter().owner(), "");
  EXPECT_TRUE(Sent().include_finished());
}

TEST_F(Jobs, JsonIsAnArray) {
  const CliResult result = scheduler_.Cli()({"jobs", "--json"});
  const auto json = nlohmann::json::parse(result.out);
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["state"], "RUNNING");
  EXPECT_EQ(json[0]["attempts"][0]["nodes"][0], "n1");
  EXPECT_EQ(json[1]["array"]["statusSummary"]["FAILED"], 2);
  EXPECT_EQ(json[1]["held"], true);
}

TEST_F(Jobs, NothingFound) {
  scheduler_.list_jobs.answer = nullptr;
  EXPECT_EQ(scheduler_.Cli()({"jobs", "--json"}).out, "[]\n");
  const CliResult table = scheduler_.Cli()({"jobs"});
  EXPECT_EQ(table.code, 0);
  EXPECT_EQ(table.out, "");
  EXPECT_EQ(table.err, "No unfinished job found; --all shows finished ones too.\n");
}

TEST_F(Jobs, AnErrorLeavesStandardOutputEmpty) {
  scheduler_.list_jobs.answer = [](const v1::ListJobsRequest&, grpc::ServerWriter<v1::Job>&,
                                   grpc::ServerContext&) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "job 9 does not exist");
  };
  const CliResult result = scheduler_.Cli()({"jobs", "--json", "9"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.out, "");
}

TEST_F(Jobs, ColumnsAndStatesHaveNearestMatches) {
  EXPECT_THAT(scheduler_.Cli()({"jobs", "--format", "id,nmae"}).err, HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(scheduler_.Cli()({"jobs", "--state", "runing"}).err, HasSubstr("did you mean 'running'?"));
  EXPECT_THAT(scheduler_.Cli()({"jobs", "--format", "help"}).out, HasSubstr("priority"));
  EXPECT_EQ(scheduler_.Cli()({"jobs", "--since", "whenever"}).code, 2);
}

TEST_F(Jobs, OnlyTheColumnsAskedFor) {
  EXPECT_EQ(scheduler_.Cli()({"jobs", "--format", "id,state", "--no-header"}).out,
            "12  RUNNING\n13  RUNNABLE (held)\n");
}

TEST_F(Jobs, OneJobInFull) {
  scheduler_.get_job.answer = [](const v1::GetJobRequest& request, v1::Job& job) {
    EXPECT_EQ(request.target(), "2[17]");
    job = RunningJob();
    job.mutable_attempts(0)->mutable_exit()->set_text("killed by signal 9 (KILL)");
    return grpc::Status::OK;
  };
  const CliResult text = scheduler_.Cli()({"job", "2[17]"});
  EXPECT_THAT(text.out, StartsWith("Job 12 align\n"));
  EXPECT_THAT(text.out, HasSubstr("RUNNING"));
  EXPECT_THAT(text.out, HasSubstr("killed by signal 9 (KILL)"));
  const auto json = nlohmann::json::parse(scheduler_.Cli()({"job", "2[17]", "--json"}).out);
  EXPECT_EQ(json["state"], "RUNNING");
  EXPECT_EQ(json["node"], "n1");
  EXPECT_EQ(json["attempts"].size(), 1U);
  EXPECT_TRUE(json["attempts"][0]["endedAt"].is_null());
}

TEST_F(Jobs, WhatWaitsIsOnNoNode) {
  scheduler_.list_jobs.answer = [](const v1::ListJobsRequest&, grpc::ServerWriter<v1::Job>& writer,
                                   grpc::ServerContext&) {
    v1::Job job = RunningJob();  // its last attempt was taken away
    job.set_state("RUNNABLE");
    job.set_started_at_us(1'795'227'480'000'000);
    job.mutable_attempts(0)->set_ended_at_us(1'795'227'490'000'000);
    writer.Write(job);
    return grpc::Status::OK;
  };
  EXPECT_EQ(scheduler_.Cli()({"jobs", "--format", "id,node,runtime,started", "--no-header"}).out,
            "12  -  -  -\n");
}

// What `submit --kernel` makes of itself.
v1::Job KernelCalls() {
  v1::Job job = RunningJob();
  for (const char* word :
       {"/opt/bin/bsub-lite-kernel-host", "--kernel", "/lib/libx.so:square", "--array", "0-999"})
    job.add_command(word);
  job.mutable_checkpoint()->set_directory("/saved");
  return job;
}

TEST_F(Jobs, AKernelsJobShowsWhatWasSubmittedAndWhereItsCallsAreSeen) {
  scheduler_.get_job.answer = [](const v1::GetJobRequest&, v1::Job& job) {
    job = KernelCalls();
    return grpc::Status::OK;
  };
  const CliResult result = scheduler_.Cli()({"job", "12"});
  EXPECT_THAT(result.out, HasSubstr("kernel /lib/libx.so:square for each of 0-999\n"));
  EXPECT_THAT(result.out, HasSubstr("/opt/bin/bsub-lite-kernel-host --show /saved/12\n"));
}

TEST_F(Jobs, ACallOfAKernelIsNoChildAndTheErrorSaysWhereToLook) {
  scheduler_.get_job.answer = [](const v1::GetJobRequest& request, v1::Job& job) {
    if (request.target() == "12[5]")
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "job 12 is no array");
    job = KernelCalls();
    return grpc::Status::OK;
  };
  const CliResult result = scheduler_.Cli()({"job", "12[5]"});
  EXPECT_THAT(result.err, HasSubstr("its calls have no ids"));
  EXPECT_THAT(result.err, HasSubstr("--show /saved/12`"));
}

TEST_F(Jobs, SavesAreToldInOneSentenceAndInterruptionsToTheMillisecond) {
  scheduler_.get_job.answer = [](const v1::GetJobRequest&, v1::Job& job) {
    job = RunningJob();
    job.mutable_checkpoint()->set_directory("/tmp/ck");
    job.mutable_checkpoint()->set_interval_us(30'000'000);
    job.mutable_checkpoint()->set_exit_code(85);
    v1::Interruption& one = *job.add_interruptions();
    one.set_attempt(1);
    one.set_node("n3");
    one.set_notice_at_us(1'795'227'480'250'000);
    one.set_saved_at_us(1'795'227'480'375'999);
    return grpc::Status::OK;
  };
  const CliResult result = scheduler_.Cli()({"job", "12"});
  EXPECT_THAT(result.out, HasSubstr("in /tmp/ck, every 30.0s, then ends with exit code 85\n"));
  EXPECT_THAT(result.out, HasSubstr(":00.250"));
  EXPECT_THAT(result.out, HasSubstr(":00.375"));
}

TEST_F(Jobs, WhyGivesReasonsEvidenceAndNextSteps) {
  scheduler_.why.answer = [](const v1::WhyRequest&, v1::WhyReply& reply) {
    reply.set_display_id("3");
    reply.set_state("RUNNABLE");
    v1::Reason& reason = *reply.add_reasons();
    reason.set_text("It asks for 64 CPUs and no node has more than 8.");
    reason.set_next_step("submit it again with --cpus 8 or less");
    for (int i = 0; i < 12; ++i) reason.add_evidence("n" + std::to_string(i) + ": 8 CPUs");
    return grpc::Status::OK;
  };
  const CliResult result = scheduler_.Cli()({"why", "3"});
  EXPECT_THAT(
      result.out,
      StartsWith(
          "Job 3 is RUNNABLE:\n\n  - It asks for 64 CPUs and no node has more than 8.\n      n0: 8 CPUs\n"));
  EXPECT_THAT(result.out, HasSubstr("and 2 more"));
  EXPECT_THAT(result.out, HasSubstr("    Next: submit it again with --cpus 8 or less\n"));
  EXPECT_THAT(scheduler_.Cli()({"why", "-v", "3"}).out, HasSubstr("n11: 8 CPUs"));
}

}  // namespace
}  // namespace bsub::cli
