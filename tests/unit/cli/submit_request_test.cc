#include "cli/submit_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "cli/submit_surroundings.h"
#include "tests/unit/cli/temporary_directory.h"

namespace bsub::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr TimePoint kNow(1'795'227'480'000'000);

Result<api::SubmitRequest> Build(const std::vector<std::string>& words,
                                 const std::vector<std::string>& environment = {"B=2", "A=1"}) {
  std::istringstream in;
  std::ostringstream out;
  const Context context{
      .in = in, .out = out, .err = out, .terminal = {}, .environment = environment, .commands = nullptr};
  BSUB_ASSIGN_OR_RETURN(const Arguments arguments, ParseArguments(SubmitManual(), words));
  JobSource source;
  source.argv = arguments.words();
  source.name = arguments.words().empty() ? "" : arguments.words().front();
  return BuildSubmitRequest(context, arguments, source, kNow);
}

TEST(SubmitRequestOf, TheLineOfTheManual) {
  const auto request = Build({"-q", "high", "-p", "50", "-c", "2", "-m", "4G", "-t", "1h", "--depends",
                              "done(1) && !exit(2)", "--retry", "3", "--", "./a.out", "x", "y"});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->queue(), "high");
  EXPECT_EQ(request->priority(), 50);
  EXPECT_EQ(request->resources().cpu_milli(), 2000);
  EXPECT_EQ(request->resources().mem_bytes(), 4LL << 30);
  EXPECT_EQ(request->walltime_us(), 3'600'000'000);
  EXPECT_EQ(request->dependency(), "done(1) && !exit(2)");
  EXPECT_EQ(request->retry().attempts(), 3);
  EXPECT_THAT(request->command().argv(), ElementsAre("./a.out", "x", "y"));
  EXPECT_EQ(request->protocol(), 1);
}

TEST(SubmitRequestOf, WhatIsNotGivenIsLeftToTheScheduler) {
  const auto request = Build({"--", "true"});
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->has_resources());
  EXPECT_FALSE(request->has_retry());
  EXPECT_FALSE(request->has_max_interruptions());
  EXPECT_EQ(request->queue(), "");
  EXPECT_EQ(request->name(), "true");
}

TEST(SubmitRequestOf, AStoreToBeginWith) {
  const auto request =
      Build({"--env-none", "--checkpoint-dir", "/saved", "--restart-from", "/saved/12", "--", "./a.out"});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_THAT(request->environment().variables(), ElementsAre("BSUB_CHECKPOINT_RESTART_FROM=/saved/12"));
  EXPECT_THAT(Build({"--restart-from", "/saved/12", "--", "./a.out"}).error().message,
              ::testing::HasSubstr("needs --checkpoint-dir"));
}

TEST(SubmitRequestOf, Surroundings) {
  const auto request = Build({"--", "true"});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->working_directory(), std::filesystem::current_path().string());
  const mode_t mask = umask(022);
  umask(mask);
  EXPECT_EQ(request->umask(), mask);
  EXPECT_FALSE(request->submit_host().empty());
  std::vector<std::string> limits;
  for (const api::ProcessLimit& limit : request->limits()) limits.push_back(limit.name());
  EXPECT_THAT(limits, Contains("nofile"));
  EXPECT_THAT(limits, Contains("stack"));
  EXPECT_THAT(request->environment().variables(), ElementsAre("A=1", "B=2"));
}

TEST(SubmitRequestOf, Environment) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("env", "# comment\n\nC=3\nA=file\n");
  EXPECT_THAT(Build({"--env", "A=9", "--env", "D=", "--", "x"})->environment().variables(),
              ElementsAre("A=9", "B=2", "D="));
  EXPECT_THAT(Build({"--env-file", file, "--", "x"})->environment().variables(),
              ElementsAre("A=file", "B=2", "C=3"));
  EXPECT_THAT(Build({"--env-none", "--env", "B", "--", "x"})->environment().variables(), ElementsAre("B=2"));
  EXPECT_THAT(Build({"--env", "=1", "--", "x"}).error().message, HasSubstr("--env"));
  EXPECT_THAT(Build({"--env-file", directory.Write("bad", "A=1\nnonsense\n"), "--", "x"}).error().message,
              HasSubstr("line 2"));
}

TEST(SubmitRequestOf, RestOfTheOptions) {
  const auto request = Build({"-J",
                              "n",
                              "-o",
                              "out.%J",
                              "-e",
                              "err",
                              "--hold",
                              "--begin",
                              "+15m",
                              "--gpus",
                              "1",
                              "--tag",
                              "k=v",
                              "--project",
                              "p",
                              "--share",
                              "s",
                              "--max-interruptions",
                              "2",
                              "--retry-rule",
                              "exit=137:retry",
                              "--workdir",
                              "sub",
                              "--keep-if-impossible",
                              "--array",
                              "1-10%2",
                              "--grace",
                              "5s",
                              "--",
                              "x"});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->name(), "n");
  EXPECT_EQ(request->stdout_path(), "out.%J");
  EXPECT_EQ(request->stderr_path(), "err");
  EXPECT_TRUE(request->held());
  EXPECT_EQ(request->begin_at_us(), kNow.micros() + 900'000'000);
  EXPECT_EQ(request->resources().gpus(), 1);
  EXPECT_EQ(request->resources().cpu_milli(), 1000);
  EXPECT_EQ(request->tags().at("k"), "v");
  EXPECT_EQ(request->project(), "p");
  EXPECT_EQ(request->share_identifier(), "s");
  EXPECT_EQ(request->max_interruptions(), 2);
  EXPECT_EQ(request->retry().evaluate_on_exit(0).action(), "RETRY");
  EXPECT_EQ(request->retry().attempts(), 1);
  EXPECT_EQ(request->working_directory(), std::filesystem::current_path().string() + "/sub");
  EXPECT_TRUE(request->keep_if_impossible());
  EXPECT_EQ(request->array(), "1-10%2");
  EXPECT_EQ(request->stop_grace_us(), 5'000'000);
}

TEST(SubmitRequestOf, NamesOfArraysAndOfPrograms) {
  const auto request = Build({"-J", "sim[1-10:2]%3", "--", "x"});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->name(), "sim");
  EXPECT_EQ(request->array(), "1-10:2%3");
  EXPECT_EQ(Build({"--", "odd name[1]*"})->name(), "odd_name_1__");
  EXPECT_EQ(Build({"-J", "sim[]", "--", "x"})->name(), "sim[]")
      << "which is no job's name: the scheduler says so";
}

TEST(SubmitRequestOf, APlacementIsPutInOneSpelling) {
  EXPECT_EQ(Build({"--nodes", "4", "--placement", "spread:preferred@300s", "--", "x"})->gang().placement(),
            "spread:preferred@5m");
  EXPECT_EQ(Build({"--nodes", "4", "--placement", "none", "--", "x"})->gang().placement(), "none");
  EXPECT_EQ(Build({"--nodes", "4", "--", "x"})->gang().placement(), "");
}

TEST(SubmitRequestOf, HowAnMpiProgramIsLaunched) {
  const auto launch = [](const std::vector<std::string>& words) { return Build(words)->gang().launch(); };
  EXPECT_EQ(launch({"--mpi", "--nodes", "4", "--", "./solver"}), "ranks");
  EXPECT_EQ(launch({"--mpi", "--", "./solver"}), "ranks") << "also on one node";
  for (const char* mpirun : {"mpirun", "/usr/bin/mpiexec", "mpirun.openmpi", "mpiexec.hydra"})
    EXPECT_EQ(launch({"--nodes", "4", "--", mpirun, "./solver"}), "main-node") << mpirun;
  EXPECT_EQ(launch({"--nodes", "4", "--", "./mpirunner"}), "");
  EXPECT_FALSE(Build({"--mpi", "--", "mpirun", "./solver"})) << "both would start the ranks";
  EXPECT_FALSE(Build({"--mpi", "--launch", "every-node", "--", "./solver"}));
}

TEST(SubmitRequestOf, BadValuesNameTheOption) {
  const std::vector<std::vector<std::string>> cases = {{"-c", "0"},
                                                       {"-m", "much"},
                                                       {"-t", "soon"},
                                                       {"-p", "high"},
                                                       {"--retry", "11"},
                                                       {"--array", "0-"},
                                                       {"--array", "1-2147483648"},
                                                       {"--depends", "done("},
                                                       {"--begin", "later"},
                                                       {"--gpus", "-1"},
                                                       {"--tag", "x"},
                                                       {"--retry-rule", "maybe"},
                                                       {"--placement", "near"},
                                                       {"--rank-output", "out"},
                                                       {"--param", "=x"}};
  for (std::vector<std::string> words : cases) {
    words.insert(words.end(), {"--", "x"});
    const auto request = Build(words);
    ASSERT_FALSE(request) << words[0] << " " << words[1];
    EXPECT_THAT(request.error().message, HasSubstr("'" + words[1] + "'"));
    EXPECT_THAT(request.error().message, HasSubstr("--"));
    EXPECT_EQ(request.error().message.find('\n'), std::string::npos);
  }
}

TEST(SubmitRequestOf, ANameThatIsEmptyIsNotTakenForNone) {
  for (const char* option :
       {"--project", "--share", "--reservation", "--definition", "--placement-group", "--then"}) {
    for (const char* value : {"", " "}) {
      const auto request = Build({"--max-interruptions", "1", option, value, "--", "x"});
      ASSERT_FALSE(request) << option;
      EXPECT_EQ(request.error().message, std::string(option) + " '" + value +
                                             "': expected a name; leave the option out if there is none");
    }
  }
}

TEST(SubmitRequestOf, AQueueThatIsEmptyDoesNotUndoTheScripts) {
  const auto request = Build({"--queue", "", "--", "x"});
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().message,
            "--queue '': expected a name; leave the option out if there is none, or name the default queue "
            "if the script names another (bsub-lite queues shows it)");
}

TEST(SubmitRequestOf, WhatIsAKernelsAloneIsRefusedForOthers) {
  EXPECT_EQ(Build({"--kernel-input", "x", "--", "x"}).error().message,
            "--kernel-input needs --kernel LIBRARY:FUNCTION: whose input is it?");
  EXPECT_THAT(Build({"--kernel", "lib.so:f", "--", "./script"}).error().message,
              HasSubstr("--kernel in a #BSUB line"));
}

TEST(SubmitRequestOf, WhatOnlyAJobThatSavesHasIsRefusedForOthers) {
  EXPECT_EQ(Build({"--checkpoint-interval", "30s", "--", "x"}).error().message,
            "--checkpoint-interval '30s' needs --checkpoint-dir DIR, where the program saves, or "
            "--checkpoint-signal SIGNAL");
  EXPECT_TRUE(Build({"--checkpoint-interval", "30s", "--checkpoint-dir", "saved", "--", "x"}));
  EXPECT_TRUE(Build({"--checkpoint-interval", "30s", "--checkpoint-signal", "USR1", "--", "x"}))
      << "a program that knows itself where it saves";
  EXPECT_THAT(Build({"--checkpoint-anywhere", "--checkpoint-signal", "USR1", "--", "x"}).error().message,
              HasSubstr("--checkpoint-anywhere needs --checkpoint-dir"));
}

TEST(SubmitToken, RandomGivenAndHashed) {
  EXPECT_NE(SubmitTokenBytes("").value(), SubmitTokenBytes("").value());
  EXPECT_EQ(SubmitTokenBytes("").value().size(), 16U);
  EXPECT_EQ(SubmitTokenBytes("run-7/step-3").value(), SubmitTokenBytes("run-7/step-3").value());
  EXPECT_NE(SubmitTokenBytes("run-7/step-3").value(), SubmitTokenBytes("run-7/step-4").value());
  EXPECT_EQ(SubmitTokenBytes("000102030405060708090a0b0c0d0e0f").value(),
            std::string("\0\1\2\3\4\5\6\7\b\t\n\v\f\r\16\17", 16));
}

}  // namespace
}  // namespace bsub::cli
