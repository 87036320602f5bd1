// The witness's rules for who makes room for whom: advance reservations and preemption.
#include <algorithm>

#include "sim/names.h"
#include "sim/trace.h"
#include "sim/witness.h"

namespace bsub::sim {
namespace {

using sched::AttemptRef;

TimePoint LatestEndOf(const JobSettings& settings, TimePoint placed_at) {
  return settings.walltime.count() > 0 ? placed_at + settings.walltime : TimePoint::Max();
}

bool IsReserved(const sched::AdvanceReservation& terms, NodeId node) {
  return std::binary_search(terms.nodes.begin(), terms.nodes.end(), node);
}

}  // namespace

std::uint64_t Witness::ReservationOf(const sched::JobSubmitted& e) const {
  const std::string& name = e.spec.settings->reservation;
  if (name.empty()) return 0;
  const auto it = reservations_.find(name);
  if (it == reservations_.end())
    throw Violation{"job " + Name(e.id) + " is of reservation " + name + ", which there is not"};
  return it->second.serial;
}

// Whoever runs there must be gone by then. Who was told to stop or to save has another time than its limit.
void Witness::On(const sched::ReservationMade& e, TimePoint) {
  const sched::AdvanceReservation& terms = e.reservation;
  for (const AttemptRef& ref : live_) {
    const Task& task = *FindTask(ref.task);
    if (task.noticed || task.stop != sched::StopReason::kNone) continue;
    const TimePoint ends = LatestEndOf(*jobs_.at(ref.task.job).spec.settings, task.placed_at);
    for (const Task::Part& part : task.parts) {
      if (!part.over && ends > terms.from && IsReserved(terms, part.node))
        throw Violation{"reservation " + terms.name + " has a node on which " + Name(ref) +
                        " may still run when it begins"};
    }
  }
  if (!reservations_.try_emplace(terms.name, Reserved{++last_reservation_, terms}).second)
    throw Violation{"reservation " + terms.name + " is made, and there is one"};
}

void Witness::On(const sched::ReservationEnded& e, TimePoint at) {
  const auto it = reservations_.find(e.name);
  if (it == reservations_.end()) throw Violation{"reservation " + e.name + " ends, and there is none"};
  if (e.by.empty() && at < it->second.terms.to)
    throw Violation{"reservation " + e.name + " ends by itself before its time is over"};
  reservations_.erase(it);
}

// Until its time limit it is on nobody's reserved nodes, or all of the time on those of its own reservation.
void Witness::CheckReservations(const AttemptRef& attempt, const Job& job,
                                const std::vector<Task::Part>& parts, TimePoint at) const {
  const TimePoint ends = LatestEndOf(*job.spec.settings, at);
  bool in_its_own = job.reservation == 0;
  for (const auto& [name, reservation] : reservations_) {
    const sched::AdvanceReservation& terms = reservation.terms;
    const auto is_of = [&terms](const Task::Part& part) { return IsReserved(terms, part.node); };
    if (reservation.serial == job.reservation) {
      const bool in_time = terms.from <= at && ends <= terms.to;
      in_its_own = in_time && std::all_of(parts.begin(), parts.end(), is_of);
    } else if (terms.from < ends && at < terms.to && std::any_of(parts.begin(), parts.end(), is_of)) {
      throw Violation{Name(attempt) + " may still run on a node when it is reserved as " + name};
    }
  }
  if (!in_its_own) throw Violation{Name(attempt) + " is placed outside of its reservation"};
}

// By a job that waits, in a queue that preempts the victim's and goes before it.
void Witness::CheckPreemption(const sched::AttemptNoticed& e) const {
  const std::string what = Name(e.attempt) + " is preempted for job " + Name(e.preempted_for);
  const auto whom = jobs_.find(e.preempted_for);
  if (whom == jobs_.end() || whom->second.forgotten || whom->second.held)
    throw Violation{what + ", which does not wait"};
  const auto& tasks = whom->second.tasks;
  if (std::none_of(tasks.begin(), tasks.end(), [](const Task& t) { return t.phase == Phase::kWaiting; }))
    throw Violation{what + ", of which nothing waits"};
  const auto from = queues_.find(jobs_.at(e.attempt.task.job).spec.settings->queue);
  const auto to = queues_.find(whom->second.spec.settings->queue);
  if (from == queues_.end() || to == queues_.end() || from->second.priority >= to->second.priority)
    throw Violation{what + ", whose queue does not go before its own"};
  const std::vector<std::string>& preempted = to->second.preempts;
  if (std::find(preempted.begin(), preempted.end(), from->first) == preempted.end())
    throw Violation{what + ", whose queue does not preempt its own"};
}

}  // namespace bsub::sim
