// Expressions at random against a naive evaluator: three-valued logic, task by task, over parents that start,
// end, are cancelled and run again. A failure prints its seed and expression.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <random>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

constexpr std::uint32_t kChildren = 70;  // more than one word

enum class Truth { kMet, kNever, kOpen };

// What the test itself knows of a parent's task.
struct TaskModel {
  bool started = false;
  bool over = false;
  int code = 0;  // as a shell sees it
  bool Succeeded() const { return over && code == 0; }
};
struct ParentModel {
  bool array = false;
  std::vector<TaskModel> tasks;
};

// An expression as a tree.
struct Expression {
  enum class Kind { kCondition, kAnd, kOr, kNot } kind = Kind::kCondition;
  std::string condition;  // done, ended, started, exit
  int exit_equals = -1;   // of exit: any code if negative
  std::size_t parent = 0;
  enum class Target { kWhole, kChild, kIndexWise } target = Target::kWhole;
  std::uint32_t child = 0;
  std::unique_ptr<Expression> left, right;
};

std::string Text(const Expression& e) {
  switch (e.kind) {
    case Expression::Kind::kAnd:
      return "(" + Text(*e.left) + " && " + Text(*e.right) + ")";
    case Expression::Kind::kOr:
      return "(" + Text(*e.left) + " || " + Text(*e.right) + ")";
    case Expression::Kind::kNot:
      return "!" + Text(*e.left);
    case Expression::Kind::kCondition:
      break;
  }
  std::string target = std::to_string(e.parent + 1);
  if (e.target == Expression::Target::kChild) target += "[" + std::to_string(e.child) + "]";
  if (e.target == Expression::Target::kIndexWise) target += "[*]";
  return e.condition + "(" + target + (e.exit_equals >= 0 ? "," + std::to_string(e.exit_equals) : "") + ")";
}

Truth Judge(bool met, bool never) { return met ? Truth::kMet : never ? Truth::kNever : Truth::kOpen; }

Truth JudgeTask(const Expression& e, const TaskModel& t) {
  if (e.condition == "done") return Judge(t.Succeeded(), t.over);
  if (e.condition == "ended") return Judge(t.over, false);
  if (e.condition == "started") return Judge(t.started, t.over);
  return Judge(t.over && t.code != 0 && (e.exit_equals < 0 || t.code == e.exit_equals), t.over);
}

Truth JudgeWhole(const Expression& e, const ParentModel& parent) {
  const auto all = [&](auto f) { return std::all_of(parent.tasks.begin(), parent.tasks.end(), f); };
  const auto any = [&](auto f) { return std::any_of(parent.tasks.begin(), parent.tasks.end(), f); };
  const bool over = all([](const TaskModel& t) { return t.over; });
  if (e.condition == "done") return Judge(all([](const TaskModel& t) { return t.Succeeded(); }), over);
  if (e.condition == "ended") return Judge(over, false);
  if (e.condition == "started") return Judge(any([](const TaskModel& t) { return t.started; }), over);
  const bool hit =
      any([&](const TaskModel& t) { return t.code != 0 && (e.exit_equals < 0 || t.code == e.exit_equals); });
  return Judge(over && hit, over);
}

Truth Evaluate(const Expression& e, const std::vector<ParentModel>& parents, std::uint32_t ordinal) {
  using Kind = Expression::Kind;
  if (e.kind == Kind::kCondition) {
    const ParentModel& parent = parents[e.parent];
    if (e.target == Expression::Target::kWhole) return JudgeWhole(e, parent);
    return JudgeTask(e, parent.tasks[e.target == Expression::Target::kChild ? e.child : ordinal]);
  }
  const Truth a = Evaluate(*e.left, parents, ordinal);
  if (e.kind == Kind::kNot) {
    return a == Truth::kMet ? Truth::kNever : a == Truth::kNever ? Truth::kMet : Truth::kOpen;
  }
  const Truth b = Evaluate(*e.right, parents, ordinal);
  const Truth strong = e.kind == Kind::kAnd ? Truth::kNever : Truth::kMet;  // decides alone
  const Truth weak = e.kind == Kind::kAnd ? Truth::kMet : Truth::kNever;
  if (a == strong || b == strong) return strong;
  return a == weak && b == weak ? weak : Truth::kOpen;
}

class RandomDependencies : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  std::uint32_t Pick(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  std::unique_ptr<Expression> Grow(int depth, bool for_array) {
    auto e = std::make_unique<Expression>();
    if (depth > 0 && Pick(3) != 0) {
      e->kind = static_cast<Expression::Kind>(1 + Pick(3));
      e->left = Grow(depth - 1, for_array);
      if (e->kind != Expression::Kind::kNot) e->right = Grow(depth - 1, for_array);
      return e;
    }
    constexpr const char* kConditions[] = {"done", "ended", "started", "exit"};
    e->condition = kConditions[Pick(4)];
    if (e->condition == "exit" && Pick(2)) e->exit_equals = static_cast<int>(Pick(3));
    e->parent = Pick(static_cast<std::uint32_t>(parents_.size()));
    if (!parents_[e->parent].array) return e;
    e->target = static_cast<Expression::Target>(Pick(for_array ? 3 : 2));
    e->child = Pick(kChildren);
    return e;
  }

  // Two plain parents and two arrays; waiters of both shapes that no node can hold.
  void Populate() {
    env_.SetChecks(false);
    env_.AddNodes(1, Cpus(1000));
    for (const bool array : {false, true, false, true}) {
      parents_.push_back({array, std::vector<TaskModel>(array ? kChildren : 1)});
      env_.Submit(array ? Job().Array("0-69") : Job());
    }
    env_.Cycle();
    for (int i = 0; i < 8; ++i) {
      const bool array = i % 2 == 0;
      auto expression = Grow(4, array);
      Job job = Job().Cpus(5000).KeepIfImpossible().After(Text(*expression));
      waiters_.push_back({env_.Submit(array ? job.Array("0-69") : job), array, std::move(expression)});
    }
  }

  void Step() {
    const std::size_t p = Pick(static_cast<std::uint32_t>(parents_.size()));
    const std::uint32_t child = parents_[p].array ? Pick(kChildren) : 0;
    TaskModel& model = parents_[p].tasks[child];
    const JobId id(p + 1);
    const TaskName name = parents_[p].array ? Child(id, child) : TaskName(id);
    if (model.over) {
      if (Pick(4) != 0) return;
      ASSERT_TRUE(env_.Requeue(name));
      model.over = false, model.code = 0;
      if (Pick(3) == 0) {
        ASSERT_TRUE(env_.Cancel(name));  // ends without an attempt
        model.over = true, model.code = 125;
        return;
      }
      env_.Cycle();
    } else if (Pick(2)) {
      env_.Start(name);
      model.started = true;
    } else {
      const int code = static_cast<int>(Pick(3));
      env_.Finish(name, Exit(code));
      model = {true, true, code};
    }
  }

  void Compare(int step) {
    for (const Waiter& w : waiters_) {
      for (std::uint32_t child = 0; child < (w.array ? kChildren : 1); ++child) {
        const TaskName name = w.array ? Child(w.id, child) : TaskName(w.id);
        const Truth truth = Evaluate(*w.expression, parents_, child);
        ASSERT_EQ(env_.StateOf(name), truth == Truth::kMet ? JobState::kRunnable : JobState::kPending)
            << "step " << step << ", child " << child << " of " << Text(*w.expression);
        if (truth == Truth::kMet || Pick(20) != 0) continue;
        ASSERT_EQ(env_.Why(name).at(0), truth == Truth::kNever ? sched::ReasonCode::kNeverDependency
                                                               : sched::ReasonCode::kDependency)
            << "step " << step << ", child " << child << " of " << Text(*w.expression) << "\n"
            << env_.Explain(name);
      }
    }
  }

  struct Waiter {
    JobId id;
    bool array;
    std::unique_ptr<Expression> expression;
  };
  std::mt19937 random_{GetParam()};
  Env env_;
  std::vector<ParentModel> parents_;
  std::vector<Waiter> waiters_;
};

TEST_P(RandomDependencies, AgreeWithANaiveEvaluator) {
  Populate();
  Compare(-1);
  for (int step = 0; step < 150 && !HasFatalFailure(); ++step) {
    Step();
    Compare(step);
  }
  env_.Check("the walk");
  env_.RestartFromState();
  Compare(-2);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomDependencies, ::testing::Range(1u, 13u));

}  // namespace
}  // namespace bsub::testing
