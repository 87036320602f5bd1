// NodeCore between a toy scheduler and a toy spawner whose connections break at random. Each order must end
// in exactly one acknowledged end, and nothing may be given away while it lives or start twice in one
// spawner.
#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <random>
#include <set>

#include "worker/core/node_core.h"

namespace bsub::worker {
namespace {

class Walk {
 public:
  explicit Walk(unsigned seed) : seed_(seed), random_(seed) {}

  void Run() {
    for (int step = 0; step < 100 && !failed(); ++step) RandomStep();
    for (int step = 0; step < 12 && !failed(); ++step) SettleStep(step);
    for (const auto& [key, acknowledged] : placed_)
      EXPECT_TRUE(acknowledged) << ToString(key) << " seed " << seed_;
    EXPECT_TRUE(tasks_.empty()) << "seed " << seed_;
  }

 private:
  static bool failed() { return ::testing::Test::HasFailure(); }

  void RandomStep() {
    now_ = now_ + std::chrono::seconds(1);
    switch (random_() % 8) {
      case 0:
        return Order();
      case 1:
      case 2:
        return AdvanceTask();
      case 3:
        return BreakStream();
      case 4:
        return BreakSpawner();
      case 5:
        return RestartSpawner();
      default:
        return Connect();
    }
  }

  // Everything comes back and all tasks end.
  void SettleStep(int step) {
    now_ = now_ + std::chrono::seconds(1);
    if (step % 4 == 0) BreakSpawner();
    Connect();
    for (auto& [key, task] : tasks_) End(task);
    for (const TaskState& task : List()) Feed(TaskReported{task});
  }

  void Order() {
    if (!stream_ || !core_.registered()) return;
    const AttemptKey key{JobId(next_job_++), 0, 1};
    placed_[key] = false;
    ours_.insert(key);
    Feed(LaunchOrder{Incarnation(incarnation_), key, std::make_shared<SignedLaunch>()});
  }

  void AdvanceTask() {
    if (tasks_.empty()) return;
    auto it = tasks_.begin();
    std::advance(it, random_() % tasks_.size());
    TaskState& task = it->second;
    if (task.started) {
      End(task);
    } else {
      task.started = true;
    }
    const TaskState copy = task;
    if (spawner_) Feed(TaskReported{copy});
  }

  static void End(TaskState& task) {
    task.started = true;
    task.ended = true;
    task.end = {EndKind::kExited, 0, "", ""};
  }

  void BreakStream() {
    if (!stream_) return;
    stream_ = false;
    Feed(StreamClosed{"broke"});
  }

  void BreakSpawner() {
    if (!spawner_) return;
    spawner_ = false;
    Feed(SpawnerDown{});
  }

  // Killed while nobody is connected: what ran is lost, recorded ends are kept.
  void RestartSpawner() {
    if (spawner_ || random_() % 2 == 0) return;
    ++spawner_life_;
    std::erase_if(tasks_, [](const auto& each) { return !each.second.ended; });
  }

  void Connect() {
    if (!spawner_) {
      spawner_ = true;
      Feed(SpawnerUp{"s" + std::to_string(spawner_life_), "boot", List()});
    }
    if (!stream_) {
      stream_ = true;
      Feed(StreamOpened{});
    }
  }

  std::vector<TaskState> List() const {
    std::vector<TaskState> all;
    for (const auto& [key, task] : tasks_) all.push_back(task);
    return all;
  }

  // With the toys' answers, until nobody has anything more to say.
  void Feed(InputBody first) {
    inbox_.push_back(std::move(first));
    while (!inbox_.empty()) {
      const InputBody body = std::move(inbox_.front());
      inbox_.erase(inbox_.begin());
      for (const Message& message : core_.Handle({now_, body}).messages) {
        std::visit([this](const auto& m) { Hear(m); }, message);
      }
    }
  }

  template <typename M>
  void Hear(const M&) {}

  void Hear(const StartTask& start) {
    if (!spawner_ || random_() % 8 == 0) return;  // or it breaks off before it arrives; a reconnect will show
    if (tasks_.count(start.attempt) != 0) return;
    EXPECT_TRUE(started_.insert({spawner_life_, start.attempt}).second) << "started twice, seed " << seed_;
    tasks_[start.attempt].attempt = start.attempt;
  }
  void Hear(const ForgetTask& forget) {
    if (spawner_) tasks_.erase(forget.attempt);
  }
  void Hear(const CloseStream&) { stream_ = false; }
  void Hear(const ReportTask& report) {
    if (stream_ && report.incarnation == Incarnation(incarnation_)) Believe(report.task);
  }
  void Hear(const SayHello& hello) {
    if (!stream_) return;
    inbox_.push_back(
        Accepted{Incarnation(++incarnation_), std::chrono::seconds(30), std::chrono::seconds(60)});
    std::set<AttemptKey> there;
    for (const TaskState& task : hello.tasks) {
      there.insert(task.attempt);
      Believe(task);
    }
    std::erase_if(ours_, [&](const AttemptKey& key) {  // what is not there is dead
      if (there.count(key) != 0) return false;
      EXPECT_EQ(tasks_.count(key), 0u) << "given away alive, seed " << seed_;
      return placed_[key] = true;
    });
  }

  // The scheduler's side of a report.
  void Believe(const TaskState& task) {
    if (!task.ended) return;
    if (ours_.erase(task.attempt) != 0) placed_[task.attempt] = true;
    inbox_.push_back(EndAcknowledged{Incarnation(incarnation_), task.attempt});
  }

  const unsigned seed_;
  std::mt19937 random_;
  NodeCore core_{NodeSettings{}};
  TimePoint now_{1};
  std::vector<InputBody> inbox_;

  bool spawner_ = false;  // connected
  int spawner_life_ = 1;
  std::map<AttemptKey, TaskState> tasks_;  // in the spawner
  std::set<std::pair<int, AttemptKey>> started_;

  bool stream_ = false;
  std::uint64_t incarnation_ = 0;
  std::uint64_t next_job_ = 1;
  std::set<AttemptKey> ours_;          // the scheduler believes these to be on the node
  std::map<AttemptKey, bool> placed_;  // whether their end is known
};

TEST(NodeCoreWalk, LosesNothingWhateverBreaks) {
  for (unsigned seed = 1; seed <= 300 && !HasFailure(); ++seed) Walk(seed).Run();
}

}  // namespace
}  // namespace bsub::worker
