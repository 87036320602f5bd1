// An independent book of what the durable entries say, kept with the plainest means: one record per task, and
// dependencies evaluated from scratch. It shares no code with the core's state, so that both must agree.
//
// It is fed with entries when they become durable and never goes back. A contradiction throws Violation.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduler/core/entry.h"
#include "scheduler/core/state.h"

namespace bsub::sim {

enum class Truth3 : std::uint8_t { kOpen, kMet, kNever };

class Witness {
 public:
  enum class Phase : std::uint8_t { kWaiting, kLive, kSucceeded, kFailed };
  struct Task {
    Phase phase = Phase::kWaiting;
    bool held = false;
    bool ever_started = false;
    int exit_code = 0;  // as a shell shows it, once failed
    std::uint32_t highest_attempt = 0;
    // Of the live or last attempt: one for each node that it was placed on.
    struct Part {
      NodeId node;
      std::string node_name;
      Incarnation incarnation;
      Resources allocated;
      std::vector<std::int32_t> gpus;
      bool started = false;
      bool over = false;
    };
    std::vector<Part> parts;
    bool started = false;
    std::optional<End> ending;           // of the part that has ended it, or made that one fail
    std::int64_t ending_elapsed_us = 0;  // how long that part ran
    const Part* PartOn(const std::string& name) const;
    sched::StopReason stop = sched::StopReason::kNone;
    bool noticed = false;
    bool preempted = false;  // that is what its notice is for
    TimePoint placed_at{};
    bool over() const { return phase == Phase::kSucceeded || phase == Phase::kFailed; }
  };
  struct Job {
    JobSpec spec;
    bool held = false;
    bool begun = true;
    bool forgotten = false;
    std::vector<Task> tasks;
    std::uint32_t live = 0;
    std::uint64_t reservation = 0;  // the serial of the one that it is of; 0: none
    bool over() const;
  };
  // An advance reservation, which no other one of its name is.
  struct Reserved {
    std::uint64_t serial = 0;
    sched::AdvanceReservation terms;
  };
  struct Node {
    sched::NodeDescription description;
    Incarnation incarnation;
    TimePoint registered_at;
    bool drained = false;
    bool noticed = false;  // it is to be taken away
    bool down = false;
  };

  // The revisions of one name.
  struct Definition {
    std::optional<std::uint32_t> owner;
    std::int32_t newest = 0;
    std::set<std::int32_t> active;
  };

  void Durable(const sched::JournalEntry& entry);

  std::uint64_t sequence() const { return sequence_; }
  const std::map<JobId, Job>& jobs() const { return jobs_; }
  const Task* FindTask(const sched::TaskRef& ref) const;
  bool IsLive(const sched::AttemptRef& ref) const;
  const std::map<NodeId, Node>& nodes() const { return nodes_; }
  // Zero if the token is not in the journal.
  JobId FindToken(const SubmitToken& token) const;

  // Does the job's dependency allow this task to start?
  Truth3 Allows(const Job& job, std::uint32_t ordinal) const;
  // How many there were.
  std::uint64_t reservations() const { return last_reservation_; }
  std::uint64_t preemptions() const { return preemptions_; }
  // The first difference between this book and a state of the same sequence; empty if they agree.
  std::string CompareWith(const sched::State& state) const;

 private:
  void On(const sched::ClusterCreated&, TimePoint) {}
  void On(const sched::QueueSet& e, TimePoint at);
  void On(const sched::QueueDeleted& e, TimePoint at);
  void On(const sched::DefinitionRegistered& e, TimePoint at);
  void On(const sched::DefinitionDeregistered& e, TimePoint at);
  void On(const sched::JobSubmitted& e, TimePoint at);
  void On(const sched::BeginTimeReached& e, TimePoint at);
  void On(const sched::HoldSet& e, TimePoint at);
  void On(const sched::PrioritySet&, TimePoint) {}
  void On(const sched::TasksEnded& e, TimePoint at);
  void On(const sched::TasksRequeued& e, TimePoint at);
  void On(const sched::AttemptPlaced& e, TimePoint at);
  void On(const sched::AttemptStarted& e, TimePoint at);
  void On(const sched::StopRequested& e, TimePoint at);
  void On(const sched::AttemptEnded& e, TimePoint at);
  void On(const sched::NodeRegistered& e, TimePoint at);
  void On(const sched::NodeContactLost&, TimePoint) {}
  void On(const sched::NodeDied& e, TimePoint at);
  void On(const sched::NodeDrainSet& e, TimePoint at);
  void On(const sched::NodeRemoved& e, TimePoint at);
  void On(const sched::JobsForgotten& e, TimePoint at);
  void On(const sched::StateHashRecorded&, TimePoint) {}
  void On(const sched::CountersLifted&, TimePoint) {}
  void On(const sched::PartStarted& e, TimePoint at);
  void On(const sched::PartEnded& e, TimePoint at);
  void On(const sched::NodeNoticeSet& e, TimePoint at);
  void On(const sched::AttemptNoticed& e, TimePoint at);
  void On(const sched::JobMoved& e, TimePoint at);
  void On(const sched::ReservationMade& e, TimePoint at);
  void On(const sched::ReservationEnded& e, TimePoint at);

  std::string CompareDefinitions(const sched::State& state) const;
  std::uint64_t ReservationOf(const sched::JobSubmitted& e) const;
  Job& Known(JobId id);
  Task& Known(const sched::TaskRef& ref);
  Task& Live(const sched::AttemptRef& ref);
  void CheckPlacement(const sched::AttemptPlaced& e, const Job& job, const Task& task) const;
  void CheckParts(const sched::AttemptRef& attempt, const Job& job,
                  const std::vector<Task::Part>& parts) const;
  void CheckRoom(const sched::AttemptRef& attempt, const Job& job, const Task::Part& part) const;
  void CheckReservations(const sched::AttemptRef& attempt, const Job& job,
                         const std::vector<Task::Part>& parts, TimePoint at) const;
  void CheckPreemption(const sched::AttemptNoticed& e) const;
  Task::Part& LivePart(const sched::AttemptRef& attempt, std::uint32_t index);
  // An attempt that may still run on the node.
  std::optional<sched::AttemptRef> LiveOn(NodeId node) const;
  void CheckLimits(const sched::AttemptPlaced& e, const Job& job) const;

  std::uint64_t sequence_ = 0;
  TimePoint last_at_;
  JobId newest_job_;
  Incarnation newest_incarnation_;
  std::map<JobId, Job> jobs_;
  std::map<SubmitToken, JobId> tokens_;
  std::map<NodeId, Node> nodes_;
  std::map<std::string, sched::Queue> queues_;
  std::map<std::string, Definition> definitions_;
  std::set<sched::AttemptRef> live_;
  std::map<std::string, Reserved> reservations_;  // as they are called in the journal
  std::uint64_t last_reservation_ = 0;
  std::uint64_t preemptions_ = 0;
};

}  // namespace bsub::sim
