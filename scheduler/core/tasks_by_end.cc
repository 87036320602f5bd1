#include "scheduler/core/tasks_by_end.h"

#include <algorithm>

#include "common/check.h"

namespace bsub::sched {
namespace {

constexpr auto EndsBefore = [](const LiveTask& a, const LiveTask& b) { return a.ends < b.ends; };
constexpr auto BeganAfter = [](const LiveTask& a, const LiveTask& b) { return b.began < a.began; };

template <typename Order>
void Erase(std::vector<LiveTask>& tasks, const LiveTask& task, Order order) {
  const auto [first, last] = std::equal_range(tasks.begin(), tasks.end(), task, order);
  const auto it = std::find(first, last, task);
  BSUB_CHECK(it != last) << "a task that leaves its node was not on it";
  tasks.erase(it);
}

}  // namespace

void TasksByEnd::Add(const LiveTask& task) {
  if (task.ends.set()) {
    limited_.insert(std::upper_bound(limited_.begin(), limited_.end(), task, EndsBefore), task);
  } else {
    endless_.insert(std::upper_bound(endless_.begin(), endless_.end(), task, BeganAfter), task);
  }
}

void TasksByEnd::Remove(const LiveTask& task) {
  if (task.ends.set()) {
    Erase(limited_, task, EndsBefore);
  } else {
    Erase(endless_, task, BeganAfter);
  }
}

}  // namespace bsub::sched
