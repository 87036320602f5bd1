#include "cli/pipeline/plan.h"

#include <gmock/gmock.h>

#include <functional>

#include "cli/pipeline/runner.h"
#include "tests/unit/cli_pipeline/fake_cluster.h"
#include "tests/unit/cli_pipeline/pipeline_text.h"

namespace bsub::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kChain[] = R"(steps:
  - {name: index, command: make index}
  - {name: align, command: align, array: 1-4, needs: index}
  - {name: sort, command: sort, array: 1-4, needs: 'align[*]', memory: 1G}
  - {name: merge, command: merge, needs: sort}
)";

class QuietReporter : public Reporter {
 public:
  void Line(const std::string&) override {}
  void Progress(const std::vector<StepProgress>&) override {}
};

class PlanTest : public testing::Test {
 protected:
  Result<Plan> MakeThe(const Pipeline& pipeline, PlanRequest request = {}) {
    if (request.new_run_id.empty()) request.new_run_id = "run" + std::to_string(++runs_);
    return MakePlan(pipeline, CheckPipeline(pipeline).order, *cluster_.FindJobs({}), request);
  }

  // "align requeue", … in the order of the plan.
  std::vector<std::string> ActionsFor(const std::string& text, PlanRequest request = {}) {
    const Pipeline pipeline = Good(text);
    const auto plan = MakeThe(pipeline, std::move(request));
    if (!plan) return {plan.error().message};
    std::vector<std::string> out;
    static constexpr const char* kNames[] = {"reuse", "join", "requeue", "submit"};
    for (const PlannedStep& step : plan->steps) {
      out.push_back(pipeline.steps[step.step].name + " " + kNames[static_cast<int>(step.action)]);
    }
    return out;
  }

  void Start(const std::string& text, PlanRequest request = {}) {
    const Pipeline pipeline = Good(text);
    const auto plan = MakeThe(pipeline, std::move(request));
    ASSERT_TRUE(plan) << plan.error().message;
    QuietReporter reporter;
    const Status started = PipelineRunner(pipeline, *plan, {"sample", "f"}, cluster_, reporter).Start();
    ASSERT_TRUE(started) << started.error().message;
  }

  void SucceedAll() {
    for (const char* step : {"index", "align", "sort", "merge"}) cluster_.Succeed(step);
  }

  FakeCluster cluster_;
  int runs_ = 0;
};

TEST_F(PlanTest, TheFirstRunSubmitsEverything) {
  EXPECT_THAT(ActionsFor(kChain), ElementsAre("index submit", "align submit", "sort submit", "merge submit"));
}

TEST_F(PlanTest, DependenciesNameTheJobsOfTheNeeds) {
  Start(kChain);
  EXPECT_EQ(cluster_.Of("align").dependency, "done(11)");
  EXPECT_EQ(cluster_.Of("sort").dependency, "done(12[*])");
  const Pipeline more = Good(R"(steps:
  - {name: a, command: x}
  - {name: b, command: x}
  - {name: c, command: x, needs: [{step: a, on: ended}, {step: b, on: failed}]}
)");
  EXPECT_EQ(DependencyText(more.steps[2], {4, 5, 0}), "ended(4) && exit(5)");
  EXPECT_EQ(DependencyText(more.steps[0], {4, 5, 0}), "");
}

TEST_F(PlanTest, WhatSucceededIsUsedAgain) {
  Start(kChain);
  SucceedAll();
  EXPECT_THAT(ActionsFor(kChain), ElementsAre("index reuse", "align reuse", "sort reuse", "merge reuse"));
}

TEST_F(PlanTest, WhatIsUnderWayIsJoined) {
  Start(kChain);
  cluster_.Succeed("index");
  cluster_.Run("align");
  EXPECT_THAT(ActionsFor(kChain), ElementsAre("index reuse", "align join", "sort join", "merge join"));
}

TEST_F(PlanTest, FailedTasksRunAgainUnderTheirIds) {
  Start(kChain);
  cluster_.Succeed("index");
  cluster_.Fail("align", 2);
  cluster_.Fail("sort", 2, true);
  cluster_.Block("merge");
  EXPECT_THAT(ActionsFor(kChain),
              ElementsAre("index reuse", "align requeue", "sort requeue", "merge requeue"));
  Start(kChain);
  EXPECT_THAT(cluster_.requeued, ElementsAre("12[1]", "12[2]", "13[1]", "13[2]", "14"));
  EXPECT_EQ(cluster_.jobs.size(), 4u);
}

TEST_F(PlanTest, ARunThatContinuesKeepsItsId) {
  Start(kChain);
  cluster_.Succeed("index");
  cluster_.Fail("align", 1);
  const auto plan = MakeThe(Good(kChain));
  EXPECT_EQ(plan->run, "run1");
  EXPECT_TRUE(plan->continues);
}

TEST_F(PlanTest, AChangedStepRunsAnewAndSoDoesWhatNeedsIt) {
  Start(kChain);
  SucceedAll();
  std::string changed = kChain;
  changed.replace(changed.find("command: sort"), 13, "command: sort2");
  EXPECT_THAT(ActionsFor(changed), ElementsAre("index reuse", "align reuse", "sort submit", "merge submit"));
}

TEST_F(PlanTest, MoreMemoryDoesNotSpoilWhatSucceeded) {
  Start(kChain);
  SucceedAll();
  std::string changed = kChain;
  changed.replace(changed.find("1G"), 2, "2G");
  EXPECT_THAT(ActionsFor(changed), ElementsAre("index reuse", "align reuse", "sort reuse", "merge reuse"));
  cluster_.Fail("sort", 1);
  cluster_.Block("merge");
  EXPECT_THAT(ActionsFor(changed), ElementsAre("index reuse", "align reuse", "sort submit", "merge submit"))
      << "a requeued task keeps the resources of its submit, so it must be a new job";
}

TEST_F(PlanTest, ARepeatAfterACrashBetweenTwoSubmitsSeesTheNewInput) {
  Start(kChain);
  SucceedAll();
  cluster_.refuse_step = "sort";  // the run dies after align was submitted again
  const Pipeline pipeline = Good(kChain);
  const auto plan = MakeThe(pipeline, {.fresh = false, .again = {"align"}, .new_run_id = {}});
  QuietReporter reporter;
  EXPECT_FALSE(PipelineRunner(pipeline, *plan, {"sample", "f"}, cluster_, reporter).Start());
  cluster_.refuse_step.clear();
  EXPECT_THAT(ActionsFor(kChain), ElementsAre("index reuse", "align join", "sort submit", "merge submit"));
}

TEST_F(PlanTest, TheSameSubmitHasTheSameToken) {
  Start(kChain);
  ASSERT_EQ(cluster_.jobs.size(), 4u);
  const Pipeline pipeline = Good(kChain);
  // The same plan carried out again, as after a lost answer.
  const Plan again{
      .run = "run1", .steps = {{.step = 0}, {.step = 1}, {.step = 2}, {.step = 3}}, .continues = false};
  QuietReporter reporter;
  ASSERT_TRUE(PipelineRunner(pipeline, again, {"sample", "f"}, cluster_, reporter).Start());
  EXPECT_EQ(cluster_.jobs.size(), 4u);
  Start(kChain, {.fresh = false, .again = {}, .new_run_id = "other"});
  EXPECT_EQ(cluster_.jobs.size(), 4u);
}

TEST_F(PlanTest, AStepThatTakesAJobsPlaceHasAnotherToken) {
  const StepLabel label{"run1", "a", "w", "d", "i"};
  EXPECT_EQ(OrderToken(label, 0).size(), 16u);
  EXPECT_EQ(OrderToken(label, 0), OrderToken(label, 0));
  EXPECT_NE(OrderToken(label, 0), OrderToken(label, 11));
}

TEST_F(PlanTest, FreshStartsAnew) {
  Start(kChain);
  SucceedAll();
  Start(kChain, {.fresh = true, .again = {}, .new_run_id = {}});
  EXPECT_EQ(cluster_.jobs.size(), 8u);
  EXPECT_EQ(cluster_.Of("merge").dependency, "done(17)");
}

TEST_F(PlanTest, AgainRunsAStepAndWhatNeedsIt) {
  Start(kChain);
  SucceedAll();
  EXPECT_THAT(ActionsFor(kChain, {.fresh = false, .again = {"sort"}, .new_run_id = {}}),
              ElementsAre("index reuse", "align reuse", "sort submit", "merge submit"));
  EXPECT_THAT(ActionsFor(kChain, {.fresh = false, .again = {"srot"}, .new_run_id = {}}),
              ElementsAre("--again srot: there is no such step; did you mean 'sort'?"));
}

TEST_F(PlanTest, AStepUnderWayIsNotStartedASecondTime) {
  Start(kChain);
  cluster_.Run("index");
  EXPECT_THAT(
      ActionsFor(kChain, {.fresh = true, .again = {}, .new_run_id = {}}),
      ElementsAre(HasSubstr(
          "step 'index' would run again (everything runs anew), but its earlier job 11 is still under way")));
}

TEST_F(PlanTest, WhatWasMadeOfAFailureIsMadeAnew) {
  constexpr char kText[] = R"(steps:
  - {name: a, command: x}
  - {name: clean, command: x, needs: {step: a, on: ended}}
)";
  Start(kText);
  cluster_.Fail("a", 1);
  cluster_.Succeed("clean");
  EXPECT_THAT(ActionsFor(kText), ElementsAre("a requeue", "clean submit"));
}

TEST_F(PlanTest, DigestsSeeWhatMatters) {
  const auto digest = [](const std::string& extra) {
    return WorkDigest(Good("steps: [{name: a, command: x" + extra + "}]").steps.at(0));
  };
  EXPECT_EQ(digest(""),
            digest(", memory: 1G, retry: 2, queue: high, priority: 3, walltime: 1h, tags: {a: b}"));
  EXPECT_EQ(digest(", array: 1-4"), digest(", array: '1-2,3-4%2'"));
  for (const char* extra : {", array: 1-4", ", environment: {A: 1}", ", workdir: sub"}) {
    EXPECT_NE(digest(""), digest(extra)) << extra;
  }
  const auto asked = [](const std::string& extra) {
    return DefinitionDigest(Good("steps: [{name: a, command: x" + extra + "}]").steps.at(0));
  };
  EXPECT_EQ(digest(""), digest(", checkpoint: {signal: USR1}"));
  EXPECT_NE(asked(""), asked(", checkpoint: {signal: USR1}"));
}

}  // namespace
}  // namespace bsub::cli
