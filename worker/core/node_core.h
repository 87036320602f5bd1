// One node's books: which attempts it has, what the scheduler still has to hear of them, and whom to believe.
//
// The spawner holds the tasks and the truth about them; the scheduler decides. This class stands between and
// must lose nothing when either connection breaks at any moment. Its rules:
//   - Hello is said only when the spawner's whole list is known; what the list lacks is dead or never
//   arrived.
//   - An order counts only under the incarnation of the present stream: one of before may have been given
//   away.
//   - A report is repeated (in Hello) until acknowledged. What changes between Hello and Accepted is said
//   after it.
//   - A new spawner means that all tasks of the one before are dead: the node registers anew.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "worker/core/messages.h"

namespace bsub::worker {

struct NodeSettings {
  bool kill_on_lease_loss = false;
  // So long may the spawner be away before the node shows "contact lost".
  Duration spawner_patience = std::chrono::seconds(10);
  // So many heartbeats may be missing before the stream is given up and made anew.
  int silent_heartbeats = 5;
  // So long may the scheduler take to answer Hello.
  Duration accept_patience = std::chrono::seconds(60);
};

class NodeCore {
 public:
  explicit NodeCore(NodeSettings settings) : settings_(settings) {}

  Outcome Handle(const Input& input);

  // For status lines and tests.
  bool registered() const { return link_ == Link::kAccepted; }
  Incarnation incarnation() const { return incarnation_; }
  std::vector<TaskState> Tasks() const;
  // Nothing if the node has no such task; whether it is over otherwise.
  std::optional<bool> IsOver(const AttemptKey& attempt) const;

 private:
  enum class Link {
    kNone,      // the spawner is needed first
    kWanted,    // asked for, not open
    kGreeted,   // Hello said
    kAccepted,  // registered
  };
  struct Task {
    TaskState state;
    std::shared_ptr<const SignedLaunch> launch;  // until the spawner is known to have it
    std::optional<StopTask> stop;                // until its end is known: the order may be lost on its way
    std::optional<NoticeTask> notice;            // the same
    bool unreported = false;                     // changed since the scheduler was told last
    TimePoint taken_at;                          // when `state` was heard
  };

  void On(const StreamOpened&);
  void On(const StreamClosed&);
  void On(const Accepted&);
  void On(const Refused&);
  void On(const LaunchOrder&);
  void On(const StopOrder&);
  void On(const NoticeOrder&);
  void On(const EndAcknowledged&);
  void On(const HeartbeatCame&);
  void On(const SpawnerUp&);
  void On(const SpawnerDown&);
  void On(const TaskReported&);
  void On(const Tick&);

  template <typename M>
  void Say(M message) {
    out_.messages.emplace_back(std::move(message));
  }
  bool Current(Incarnation incarnation) const {
    return link_ == Link::kAccepted && incarnation == incarnation_;
  }
  void Report(Task& task);
  TaskState AsOfNow(const Task& task) const;
  void Take(const TaskState& reported);
  void ReconcileWithSpawner(const SpawnerUp& up, bool same_spawner);
  void DropStream(const std::string& reason);
  void WantStream();
  void RenewSpawnersLease();
  Duration SilenceLimit() const { return heartbeat_ * settings_.silent_heartbeats; }

  NodeSettings settings_;
  Outcome out_;
  TimePoint now_;

  bool spawner_up_ = false;
  std::string spawner_id_;
  std::string boot_id_;
  TimePoint spawner_missed_at_;  // set while it is away and the scheduler still believes in us

  Link link_ = Link::kNone;
  TimePoint greeted_at_;
  Incarnation incarnation_;  // the newest that was granted or told
  Duration lease_{};
  Duration heartbeat_{};
  TimePoint heard_at_;  // of the scheduler

  // A lease counts from when we sent what the scheduler is known to have received: it cannot have started its
  // own clock before that, however long messages wait on their way (Gray and Cheriton, "Leases", SOSP 1989).
  struct SentAnswer {
    std::uint64_t count = 0;
    TimePoint at;
  };
  TimePoint lease_from_;
  std::deque<SentAnswer> answers_;  // not known to be received

  std::map<AttemptKey, Task> tasks_;
};

}  // namespace bsub::worker
