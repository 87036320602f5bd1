// Everything at random: after each input the environment checks every invariant, that the incremental state
// hash equals the recomputed one, and that the journal alone leads to the same state. Now and then the
// scheduler dies and comes back, from its journal or from its durable state. A failure prints its seed.
#include <gmock/gmock.h>

#include <random>

#include "scheduler/core/start_study.h"
#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

class RandomWalk : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  std::uint32_t Pick(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool OneIn(std::uint32_t n) { return Pick(n) == 0; }

  std::string AnyTask() {
    if (env_.state().jobs.empty()) return "1";
    auto it = env_.state().jobs.begin();
    std::advance(it, Pick(static_cast<std::uint32_t>(env_.state().jobs.size())));
    const sched::Job& job = it->second;
    if (!job.array || OneIn(3)) return std::to_string(job.id.value());
    return sched::DisplayId(job, Pick(job.size()));
  }

  void Submit() {
    Job job = Job().Cpus(1 + Pick(3)).Retry(1 + static_cast<std::int32_t>(Pick(3)));
    if (OneIn(3)) job.Queue("q");
    if (OneIn(3)) job.Priority(static_cast<std::int32_t>(Pick(5)) - 2);
    if (OneIn(2)) job.Array(OneIn(2) ? "1-70%9" : "5-9:2");
    if (OneIn(5)) job.Held();
    if (OneIn(5)) job.BeginAt(env_.now() + std::chrono::seconds(Pick(100)));
    if (OneIn(6)) job.KeepIfImpossible();
    if (OneIn(4)) job.Token(static_cast<std::uint8_t>(Pick(250) + 1));
    if (OneIn(2)) {
      constexpr const char* kConditions[] = {"done",  "ended",  "started", "exit",
                                             "!done", "n_to_n", "!started"};
      const std::string target = OneIn(8) ? "1[*]" : AnyTask();
      const bool whole = target.find('[') == std::string::npos;
      const std::string condition = kConditions[Pick(7)];
      if (condition != "n_to_n" || whole) job.After(condition + "(" + target + ")");
    } else if (OneIn(6)) {
      job.After("sequential()");
    }
    static_cast<void>(env_.TrySubmit(job));  // some are refused; that must be harmless
  }

  void Control() {
    const std::string task = AnyTask();
    switch (Pick(6)) {
      case 0:
        static_cast<void>(env_.Cancel(task));
        break;
      case 1:
        static_cast<void>(env_.Hold(task));
        break;
      case 2:
      case 3:
        static_cast<void>(env_.Release(task));
        break;
      case 4:
        static_cast<void>(env_.Requeue(task));
        break;
      default:
        static_cast<void>(env_.SetPriority(task, static_cast<std::int32_t>(Pick(5)) - 2));
    }
  }

  // Something that a node holds starts or ends.
  void Report() {
    FakeNode& node = env_.node("n" + std::to_string(1 + Pick(3)));
    if (node.tasks.empty()) return;
    auto it = node.tasks.begin();
    std::advance(it, Pick(static_cast<std::uint32_t>(node.tasks.size())));
    const sched::AttemptRef attempt = it->first;
    FakeTask& task = it->second;
    if (task.ended) return;
    if (!task.started && OneIn(2)) {
      task.started = true;
      if (node.connected) env_.Handle(sched::TaskStarted{node.id, node.incarnation, attempt, 7});
      return;
    }
    task.ended = true;
    task.end = OneIn(3) ? Exit(static_cast<std::int32_t>(Pick(3))) : Exit(0);
    if (OneIn(10)) task.end = {EndKind::kNeverStarted, 0, "", "no such program"};
    const End end = task.end;
    if (node.connected) env_.Handle(sched::TaskEnded{node.id, node.incarnation, attempt, end, {}});
  }

  void MoveNode() {
    const std::string name = "n" + std::to_string(1 + Pick(3));
    FakeNode& node = env_.node(name);
    switch (Pick(7)) {
      case 0:
        if (node.connected) env_.Disconnect(name);
        break;
      case 1:
        node.Reboot();
        env_.Connect(name);
        break;
      case 2:
        static_cast<void>(env_.SetNode(sched::NodeAction::kDrain, name));
        break;
      case 3:
        static_cast<void>(env_.SetNode(sched::NodeAction::kResume, name));
        break;
      case 4:
        static_cast<void>(env_.SetNode(sched::NodeAction::kDeclareDead, name));
        break;
      default:
        if (!node.connected) env_.Connect(name);
    }
  }

  // The state is copied and played forward, which must go well from wherever it is.
  void AskWhen() {
    const JobTarget target = TaskName(AnyTask()).target();
    const sched::Job* job = env_.state().FindJob(JobId(target.job));
    if (!job) return;
    const auto ordinal = job->array ? std::optional(Pick(job->size())) : std::nullopt;
    const auto forecast = env_.scheduler().ForecastOf({job->id, ordinal}, env_.now(), 1000);
    if (forecast && forecast->study) static_cast<void>(forecast->study->Run());
  }

  void Step() {
    if (OneIn(12)) AskWhen();
    switch (Pick(16)) {
      case 0:
      case 1:
        return Submit();
      case 2:
      case 3:
        return Control();
      case 4:
      case 5:
        return MoveNode();
      case 6:
        return env_.Advance(std::chrono::seconds(Pick(120)));
      case 7:
        return static_cast<void>(env_.SetQueue({.name = "q",
                                                .priority = static_cast<std::int32_t>(Pick(3)) - 1,
                                                .dispatches = !OneIn(3),
                                                .max_running = Pick(6)}));
      case 8:
        if (OneIn(4)) return OneIn(2) ? env_.Restart() : env_.RestartFromState();
        static_cast<void>(env_.Handle(sched::RecordStateHash{}));
        return;
      case 9:
        return env_.LoseMessages(OneIn(3));
      case 10:
      case 11:
        return env_.Cycle(1 + Pick(20));
      default:
        return Report();
    }
  }

  std::mt19937 random_{GetParam()};
  Env env_;
};

TEST_P(RandomWalk, KeepsEveryInvariant) {
  sched::Queue q{.name = "q"};
  ASSERT_TRUE(env_.SetQueue(q));
  env_.AddNodes(2, Cpus(6));
  FakeNode third("n3", Cpus(3));
  third.description.on_lease_loss = sched::OnLeaseLoss::kKill;
  env_.AddNode(std::move(third));
  for (int step = 0; step < 250 && !HasFailure(); ++step) Step();
  env_.Advance(std::chrono::hours(24 * 7) + std::chrono::minutes(5));  // retention
  EXPECT_EQ(env_.scheduler().state_hash(), env_.scheduler().RecomputeStateHash());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWalk, ::testing::Range(1u, 25u));

}  // namespace
}  // namespace bsub::testing
