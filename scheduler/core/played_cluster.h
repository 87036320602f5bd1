// A scheduler with nodes that are played: what it launches starts at once and runs as long as tasks of its
// user did before. What-if in the literal sense: the same core that runs the cluster decides, on a copy of
// the state.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <vector>

#include "scheduler/core/input.h"
#include "scheduler/core/message.h"
#include "scheduler/core/recent_submits.h"
#include "scheduler/core/run_times.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/state.h"

namespace bsub::sched {

class Scheduler;
struct Outcome;

class PlayedCluster {
 public:
  struct Experience {
    RunTimes run_times;
    const std::vector<RecentSubmits::Arrival>& arrivals;  // must outlive this; empty: nothing new comes
  };
  // `connected`: the nodes that are there; others stay away. Equal seeds are equal runs.
  PlayedCluster(const Settings& settings, State state, const std::set<NodeId>& connected,
                Experience experience, std::uint64_t seed, TimePoint now);
  ~PlayedCluster();

  // When the task starts; nothing: not within `steps` inputs, or a year, or it never does. Takes from `steps`
  // what it used. `stopped` is asked every few inputs: from its yes on there are no steps left. Empty: nobody
  // stops it.
  std::optional<TimePoint> PlayUntilStart(TaskRef target, std::uint32_t& steps,
                                          std::function<bool()> stopped = {});

 private:
  struct End {
    TimePoint at;
    AttemptRef attempt;
    friend bool operator<(const End& a, const End& b) {
      return std::pair(b.at, b.attempt) < std::pair(a.at, a.attempt);  // for a min-heap
    }
  };

  struct RunningNow {
    std::shared_ptr<const JobSettings> settings;
    Duration time{};  // drawn
  };

  void Handle(InputBody body);
  void Connect(const Node& node);
  void AddRunning(const Job& job, const Task& task, std::uint32_t ordinal);
  void Launch(const LaunchTask& launch);
  void EndAttempt(const AttemptRef& attempt);
  void EndOn(NodeId node, const AttemptRef& attempt, EndKind kind);
  // Until there is nothing more to be done at this instant.
  void Settle();
  // A run time, of which `elapsed` is over.
  TimePoint EndOf(const JobSettings& settings, const TaskRef& task, TimePoint began) const;

  void Learn();
  // The next of those that come, over and over.
  void SubmitNext();

  Experience experience_;
  const std::uint64_t seed_;
  std::size_t next_arrival_ = 0;
  TimePoint arrives_at_ = TimePoint::Max();
  TimePoint now_;
  TimePoint wake_at_ = TimePoint::Max();
  bool cycle_wanted_ = true;
  std::uint32_t steps_left_ = 0;
  std::function<bool()> stopped_;
  std::optional<TaskRef> target_;
  bool target_started_ = false;
  std::unique_ptr<Scheduler> scheduler_;
  std::map<NodeId, Incarnation> incarnations_;
  std::map<AttemptRef, std::vector<NodeId>> places_;  // of what runs
  std::vector<RunningNow> running_now_;               // when it began
  std::priority_queue<End> ends_;
  std::vector<LaunchTask> launches_;  // not yet heard of by their nodes
  std::vector<StopTask> stops_;
};

}  // namespace bsub::sched
