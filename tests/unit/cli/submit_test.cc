#include "cli/submit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/cli/fake_scheduler.h"

namespace bsub::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class Submit : public ::testing::Test {
 protected:
  Submit() {
    scheduler_.submit.answer = [this](const v1::SubmitRequest& request, v1::SubmitReply& reply) {
      reply.set_job_id(++jobs_);
      reply.set_queue(request.queue().empty() ? "default" : request.queue());
      reply.set_default_queue(request.queue().empty());
      return grpc::Status::OK;
    };
  }
  v1::SubmitRequest Sent() {
    EXPECT_THAT(scheduler_.submit.requests, SizeIs(1));
    return scheduler_.submit.requests.back();
  }

  FakeScheduler scheduler_;
  std::atomic<std::uint64_t> jobs_ = 0;
};

TEST_F(Submit, SaysWhatLsfSays) {
  const CliResult first = scheduler_.Cli()({"submit", "-J", "hello", "--", "echo", "hi"});
  EXPECT_EQ(first.code, 0);
  EXPECT_EQ(first.out, "Job <1> is submitted to default queue <default>.\n");
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(scheduler_.Cli()({"submit", "-q", "high", "--", "x"}).out,
            "Job <2> is submitted to queue <high>.\n");
  EXPECT_EQ(scheduler_.Cli()({"submit", "--quiet", "--", "true"}).out, "3\n");
  EXPECT_EQ(scheduler_.Cli()({"submit", "--json", "--", "true"}).out,
            "{\"jobId\":4,\"queue\":\"default\",\"defaultQueue\":true,\"repeated\":false}\n");
}

TEST_F(Submit, ARefusalEndsAsInLsf) {
  scheduler_.submit.answer = [](const v1::SubmitRequest&, v1::SubmitReply&) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "hgih: No such queue; did you mean 'high'?");
  };
  const CliResult result = scheduler_.Cli()({"submit", "-q", "hgih", "--", "x"});
  EXPECT_EQ(result.code, 255);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "hgih: No such queue; did you mean 'high'? Job not submitted.\n");
}

TEST_F(Submit, EveryMistakeEndsSo) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"submit"},
                                             {"submit", "--nonsense"},
                                             {"submit", "--cpu", "4", "--", "y"},
                                             {"submit", "-c", "x", "--", "y"},
                                             {"submit", "-t", "0", "--", "y"},
                                             {"submit", "--timeout", "x", "--", "y"}}) {
    const CliResult result = scheduler_.Cli()(words);
    EXPECT_EQ(result.code, 255);
    EXPECT_THAT(result.err, AllOf(EndsWith(" Job not submitted.\n"), Not(HasSubstr("?."))));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
    EXPECT_EQ(result.out, "");
  }
  EXPECT_THAT(scheduler_.submit.requests, SizeIs(0));
}

TEST_F(Submit, AScriptOnStandardInput) {
  CliRun run = scheduler_.Cli();
  run.terminal.in = false;
  run.in = "#!/bin/bash\n#BSUB -q low -J piped[1-3]\necho hi\n";
  EXPECT_EQ(run({"submit", "-q", "high"}).out, "Job <1> is submitted to queue <high>.\n");
  const v1::SubmitRequest request = Sent();
  EXPECT_EQ(request.command().script(), run.in);
  EXPECT_THAT(request.command().interpreter(), ElementsAre("/bin/bash"));
  EXPECT_EQ(request.name(), "piped");
  EXPECT_EQ(request.array(), "1-3");
  EXPECT_EQ(request.queue(), "high");
}

TEST_F(Submit, WhatIsWrittenForSlurmIsNotSilentlyIgnored) {
  CliRun run = scheduler_.Cli();
  run.terminal.in = false;
  run.in = "#!/bin/bash\n#SBATCH -n 4\necho hi\n";
  const CliResult result = run({"submit"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, HasSubstr("#SBATCH lines are not read; say what they ask for with #BSUB lines"));
  run.in = "#!/bin/bash\n#SBATCH -n 4\n#BSUB -n 4\necho hi\n";
  EXPECT_EQ(run({"submit"}).err, "");
}

TEST_F(Submit, AScriptFileIsSpooled) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("job.sh", "#!/bin/sh\n#BSUB -W 0:30\ntrue\n");
  EXPECT_EQ(scheduler_.Cli()({"submit", file}).code, 0);
  const v1::SubmitRequest request = Sent();
  EXPECT_EQ(request.command().script_name(), "job.sh");
  EXPECT_EQ(request.walltime_us(), 1'800'000'000);
  EXPECT_EQ(request.name(), "job.sh");
}

TEST_F(Submit, TheTokenOutlivesARestart) {
  std::atomic<int> calls = 0;
  scheduler_.submit.answer = [&calls](const v1::SubmitRequest&, v1::SubmitReply& reply) {
    reply.set_job_id(7);
    if (++calls == 1) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down");
    return grpc::Status::OK;
  };
  EXPECT_EQ(scheduler_.Cli()({"submit", "--quiet", "--", "true"}).out, "7\n");
  ASSERT_THAT(scheduler_.submit.requests, SizeIs(2));
  EXPECT_EQ(scheduler_.submit.requests[0].token().size(), 16U);
  EXPECT_EQ(scheduler_.submit.requests[0].token(), scheduler_.submit.requests[1].token());
}

TEST_F(Submit, ASchedulerThatComesUpLateIsWaitedFor) {
  scheduler_.Stop();
  std::thread later([this] { scheduler_.Start(); });
  EXPECT_EQ(scheduler_.Cli()({"submit", "--quiet", "--", "true"}).out, "1\n");
  later.join();
}

TEST_F(Submit, WithoutAnAnswerNothingIsClaimed) {
  scheduler_.submit.answer = [](const v1::SubmitRequest&, v1::SubmitReply&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "killed after it was written down");
  };
  const CliResult result = scheduler_.Cli()({"submit", "--timeout", "300ms", "--", "true"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("It is not known whether the job was submitted"));
  const std::size_t at = result.err.find("--token ");
  ASSERT_NE(at, std::string::npos);
  const std::string token = result.err.substr(at + 8, 32);
  scheduler_.submit.answer = nullptr;
  scheduler_.Cli()({"submit", "--token", token, "--", "true"});
  EXPECT_EQ(scheduler_.submit.requests.front().token(), scheduler_.submit.requests.back().token());
}

TEST_F(Submit, GivesUpAfterItsTimeout) {
  scheduler_.Stop();
  const CliResult result = scheduler_.Cli()({"submit", "--timeout", "1s", "--", "true"});
  EXPECT_EQ(result.code, 255);
  EXPECT_THAT(result.err, HasSubstr(scheduler_.home()));
  EXPECT_THAT(result.err, HasSubstr("bsub-lite up"));
}

TEST_F(Submit, WhatCanNeverRunIsNotCalledAccepted) {
  scheduler_.try_submit.answer = [](const v1::TrySubmitRequest&, v1::TrySubmitReply& reply) {
    reply.set_queue("default");
    reply.set_default_queue(true);
    reply.set_never(true);
    reply.set_text("nobody can say when it starts");
    reply.mutable_outlook()->set_position(2);
    reply.add_reasons()->set_text("it can never run here: it asks for 64 CPUs");
    return grpc::Status::OK;
  };
  const CliResult result = scheduler_.Cli()({"submit", "--test-only", "-c", "64", "--", "true"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, ::testing::StartsWith(
                              "It can never run on this cluster as it is: default queue default would take"));
  EXPECT_THAT(
      result.out,
      HasSubstr("- it can never run here: it asks for 64 CPUs\nAsk for less (-c, -m, --gpus, --nodes)"));
  EXPECT_THAT(result.out, ::testing::Not(HasSubstr("Position")));
}

TEST_F(Submit, WaitReturnsTheJobsCode) {
  scheduler_.wait.answer = [](const v1::WaitRequest&, grpc::ServerWriter<v1::WaitReply>& writer,
                              grpc::ServerContext&) {
    v1::WaitReply reply;
    reply.set_over(true);
    reply.set_exit_code(3);
    reply.add_exits()->set_shell_code(3);
    reply.mutable_exits(0)->set_text("exited with code 3");
    writer.Write(reply);
    return grpc::Status::OK;
  };
  const CliResult result = scheduler_.Cli()({"submit", "--wait", "--", "false"});
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.out, "Job <1> is submitted to default queue <default>.\n");
  EXPECT_EQ(result.err, "job 1: exited with code 3\n");
  EXPECT_THAT(scheduler_.wait.requests.at(0).targets(), ElementsAre("1"));
}

// What is not given is the definition's, which the scheduler knows; nothing is asked first.
TEST_F(Submit, OnlyWhatIsGivenIsSentWithADefinition) {
  EXPECT_EQ(
      scheduler_.Cli()({"submit", "--definition", "x", "--param", "a=b", "-m", "1G", "--gpus", "0"}).code, 0);
  const v1::SubmitRequest request = Sent();
  EXPECT_TRUE(request.working_directory_by_default());
  EXPECT_NE(request.working_directory(), "");
  EXPECT_EQ(request.parameters().at("a"), "b");
  EXPECT_FALSE(request.resources().has_cpu_milli());
  EXPECT_EQ(request.resources().mem_bytes(), 1 << 30);
  EXPECT_TRUE(request.resources().has_gpus());
  EXPECT_THAT(scheduler_.list_definitions.requests, ::testing::IsEmpty());
  EXPECT_EQ(scheduler_.Cli()({"submit", "--definition", "x", "--workdir", "."}).code, 0);
  EXPECT_FALSE(scheduler_.submit.requests.back().working_directory_by_default());
}

TEST_F(Submit, BytesThatAreNoUtf8GoToTheJobAndTextSaysThemAloud) {
  const CliResult good =
      scheduler_.Cli()({"submit", "--workdir", "/d\xe9", "-o", "o\xe9", "--", "/tmp/nope\xe9", "\xff"});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(Sent().name(), "nope\\xe9");
  EXPECT_EQ(Sent().command().argv(0), "/tmp/nope\xe9");
  EXPECT_EQ(Sent().working_directory(), "/d\xe9");
  EXPECT_EQ(Sent().stdout_path(), "o\xe9");
  const CliResult name = scheduler_.Cli()({"submit", "-J", "x\xe9", "--", "true"});
  EXPECT_EQ(name.code, 255);
  EXPECT_THAT(name.err, HasSubstr("name: 'x\\xe9' is not UTF-8"));
}

TEST_F(Submit, ALongNameIsCutBetweenTwoCharacters) {
  std::string program(127, 'x');
  program += "\xc3\xa9";
  EXPECT_EQ(scheduler_.Cli()({"submit", "--", program}).code, 0);
  EXPECT_EQ(Sent().name(), std::string(127, 'x'));
}

TEST(SubmitFirst, StartsAClusterWhereThereNeverWasOne) {
  FakeScheduler scheduler;
  const TemporaryDirectory directory;
  CliRun run;
  const std::string home = directory.path() + "/new";
  run.environment.push_back("BSUB_LITE_HOME=" + home);
  int started = 0;
  run.start_cluster = [&](const std::string& where, Context&) {
    EXPECT_EQ(where, home);
    ++started;
    std::filesystem::create_directories(home);
    std::filesystem::create_symlink(scheduler.home() + "/run", home + "/run");
    return OkStatus();
  };
  scheduler.submit.answer = [](const v1::SubmitRequest&, v1::SubmitReply& reply) {
    reply.set_job_id(1);
    return grpc::Status::OK;
  };
  const CliResult first = run({"submit", "--quiet", "--", "true"});
  EXPECT_EQ(first.out, "1\n") << first.err;
  EXPECT_THAT(first.err, HasSubstr(home));
  EXPECT_EQ(run({"submit", "--quiet", "--", "true"}).err, "");
  EXPECT_EQ(started, 1);
}

TEST(SubmitFirst, AMistakeStartsNothing) {
  const TemporaryDirectory directory;
  CliRun run;
  run.environment.push_back("BSUB_LITE_HOME=" + directory.path() + "/new");
  run.start_cluster = [](const std::string&, Context&) -> Status { return Internal("started"); };
  EXPECT_EQ(run({"submit", "--array", "0-", "--", "true"}).err.find("started"), std::string::npos);
  EXPECT_THAT(run({"submit", "--", "true"}).err, HasSubstr("started. Job not submitted."));
}

}  // namespace
}  // namespace bsub::cli
