#include "scheduler/core/entry_subjects.h"

#include <type_traits>
#include <variant>
#include <vector>

namespace bsub::sched {
namespace {

struct Concern {
  JobId job;
  std::vector<OrdinalRange> tasks;  // empty: the job as a whole
};

template <typename Body>
std::vector<Concern> ConcernsOf(const Body& e) {
  if constexpr (requires { e.attempt.task.job; }) {
    const std::uint32_t ordinal = e.attempt.task.ordinal;
    return {{e.attempt.task.job, {{ordinal, ordinal}}}};
  } else if constexpr (requires { e.tasks; }) {
    return {{e.job, e.tasks}};
  } else if constexpr (requires { e.target.job; }) {
    Concern concern{e.target.job, {}};
    if (e.target.ordinal) concern.tasks.push_back({*e.target.ordinal, *e.target.ordinal});
    return {concern};
  } else if constexpr (requires { e.job; }) {
    return {{e.job, {}}};
  } else if constexpr (std::is_same_v<Body, JobSubmitted>) {
    return {{e.id, {}}};
  } else if constexpr (requires { e.jobs; }) {
    std::vector<Concern> concerns;
    for (const JobId job : e.jobs) concerns.push_back({job, {}});
    return concerns;
  } else {
    return {};
  }
}

std::vector<Concern> ConcernsOf(const JournalEntry& entry) {
  return std::visit([](const auto& body) { return ConcernsOf(body); }, entry.body);
}

}  // namespace

std::set<JobId> JobsOf(const JournalEntry& entry) {
  std::set<JobId> jobs;
  for (const Concern& concern : ConcernsOf(entry)) jobs.insert(concern.job);
  return jobs;
}

bool Concerns(const JournalEntry& entry, const TaskSelector& target) {
  for (const Concern& concern : ConcernsOf(entry)) {
    if (concern.job != target.job) continue;
    if (!target.ordinal || concern.tasks.empty()) return true;
    for (const OrdinalRange& range : concern.tasks) {
      if (range.first <= *target.ordinal && *target.ordinal <= range.last) return true;
    }
  }
  return false;
}

}  // namespace bsub::sched
