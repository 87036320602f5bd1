#include "cli/pipeline/runner.h"

#include <gmock/gmock.h>

#include <functional>
#include <sstream>

#include "tests/unit/cli_pipeline/fake_cluster.h"
#include "tests/unit/cli_pipeline/pipeline_text.h"

namespace bsub::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kTwo[] = R"(steps:
  - {name: align, command: align, array: 1-3}
  - {name: merge, command: merge, needs: align}
)";

class RunnerTest : public testing::Test {
 protected:
  // Runs `text`; `moves` happen one by one, each before a look at the cluster.
  Result<RunOutcome> Run(const std::string& text, std::vector<std::function<void()>> moves) {
    pipeline_ = Good(text);
    const auto plan =
        MakePlan(pipeline_, CheckPipeline(pipeline_).order, *cluster_.FindJobs({}), {.new_run_id = "r1"});
    runner_.emplace(pipeline_, *plan, PipelineKey{"sample", "f"}, cluster_, reporter_, settings_);
    BSUB_RETURN_IF_ERROR(runner_->Start());
    return runner_->Watch([&, next = std::size_t{0}](Duration) mutable {
      if (next == moves.size()) return false;
      moves[next++]();
      return true;
    });
  }
  std::string said() const { return out_.str(); }

  FakeCluster cluster_;
  std::ostringstream out_;
  PlainReporter reporter_{out_};
  RunSettings settings_;
  Pipeline pipeline_;
  std::optional<PipelineRunner> runner_;
};

TEST_F(RunnerTest, TellsWhatHappensStepByStep) {
  const auto outcome = Run(kTwo, {[&] { cluster_.Run("align"); }, [&] { cluster_.Succeed("align"); },
                                  [&] { cluster_.Succeed("merge"); }});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*outcome, RunOutcome::kSucceeded);
  EXPECT_EQ(said(),
            "step align started (job 11, 3 tasks)\n"
            "step align succeeded (job 11, 3 tasks)\n"
            "step merge succeeded (job 12)\n");
}

TEST_F(RunnerTest, AStepOfAnEarlierRunIsReused) {
  ASSERT_TRUE(Run(kTwo, {[&] { cluster_.Succeed("align"); }, [&] { cluster_.Succeed("merge"); }}));
  out_.str("");
  ASSERT_TRUE(Run(kTwo, {}));
  EXPECT_EQ(said(),
            "step align reused: it has succeeded (job 11, 3 tasks)\n"
            "step merge reused: it has succeeded (job 12)\n");
}

TEST_F(RunnerTest, AFailureNamesStepAndIndexAndShowsTheEndOfTheLog) {
  cluster_.logs["11[1]"] = "reading x\nerror: no such chromosome\n";
  const auto outcome = Run(kTwo, {[&] {
                             cluster_.Fail("align", 1);
                             cluster_.Block("merge");
                           }});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*outcome, RunOutcome::kFailed);
  EXPECT_EQ(said(),
            "step align[1] failed: exited with code 3 (job 11[1])\n"
            "    | reading x\n"
            "    | error: no such chromosome\n"
            "    all of it: bsub-lite logs '11[1]'\n"
            "step align failed: 1 of 3 tasks\n"
            "step merge did not run: something it needs failed\n");
}

TEST_F(RunnerTest, ManyFailuresAreCountedNotShown) {
  settings_.failures_shown = 2;
  const auto outcome = Run("steps: [{name: a, command: x, array: 1-50}]", {[&] { cluster_.Fail("a", 50); }});
  ASSERT_TRUE(outcome);
  EXPECT_THAT(said(), HasSubstr("a[2] failed"));
  EXPECT_THAT(said(), testing::Not(HasSubstr("a[3] failed")));
  EXPECT_THAT(said(), HasSubstr("step a failed: 50 of 50 tasks"));
}

TEST_F(RunnerTest, AStepForAFailureThatDidNotHappenIsNotNeeded) {
  const auto outcome = Run(R"(steps:
  - {name: a, command: x}
  - {name: rescue, command: x, needs: {step: a, on: failed}}
  - {name: after, command: x, needs: rescue}
)",
                           {[&] {
                             cluster_.Succeed("a");
                             cluster_.Block("rescue");
                             cluster_.Block("after");
                           }});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*outcome, RunOutcome::kSucceeded);
  EXPECT_THAT(said(), HasSubstr("step rescue was not needed\nstep after was not needed\n"));
}

TEST_F(RunnerTest, ARescueDoesNotMakeAFailureGood) {
  const auto outcome = Run(R"(steps:
  - {name: a, command: x}
  - {name: rescue, command: x, needs: {step: a, on: failed}}
)",
                           {[&] { cluster_.Fail("a", 1); }, [&] { cluster_.Succeed("rescue"); }});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*outcome, RunOutcome::kFailed);
}

TEST_F(RunnerTest, InterruptedItLeavesTheJobsAlone) {
  const auto outcome = Run(kTwo, {[&] { cluster_.Succeed("align"); }});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*outcome, RunOutcome::kInterrupted);
  EXPECT_THAT(runner_->ActiveJobs(), ElementsAre("12"));
  EXPECT_THAT(cluster_.cancelled, testing::IsEmpty());
}

TEST_F(RunnerTest, ARestartingSchedulerIsWaitedFor) {
  const auto outcome = Run(kTwo, {[&] { cluster_.unreachable = 3; }, [] {}, [] {}, [] {},
                                  [&] {
                                    cluster_.Succeed("align");
                                    cluster_.Succeed("merge");
                                  }});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(*outcome, RunOutcome::kSucceeded);
  EXPECT_THAT(said(), HasSubstr("the scheduler does not answer"));
}

TEST_F(RunnerTest, ButNotForEver) {
  settings_.patience = std::chrono::milliseconds(100);
  std::vector<std::function<void()>> moves(100, [] {});
  moves[0] = [&] { cluster_.unreachable = 1'000; };
  const auto outcome = Run(kTwo, std::move(moves));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kUnavailable);
}

TEST_F(RunnerTest, ARefusedSubmitNamesTheStep) {
  cluster_.refuse_step = "merge";
  const auto outcome = Run(kTwo, {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "step 'merge': queue 'x' does not exist");
}

TEST_F(RunnerTest, AJobThatTheClusterForgotIsAnError) {
  const auto outcome = Run(kTwo, {[&] { cluster_.jobs.clear(); }});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace bsub::cli
