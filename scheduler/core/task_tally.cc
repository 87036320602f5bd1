#include "scheduler/core/task_tally.h"

namespace bsub::sched {
namespace {

template <typename Users>
TaskCounts CountsIn(const Users& users, std::uint32_t uid) {
  const auto it = users.find(uid);
  return it == users.end() ? TaskCounts{} : it->second;
}

}  // namespace

TaskCounts CountsOf(const Job& job) {
  if (job.array) {
    const ArrayState& a = *job.array;
    return {static_cast<std::int64_t>(a.size()) - a.succeeded_count - a.failed_count - a.live_count(),
            a.starting_count, a.running_count};
  }
  const JobState s = job.task.state;
  return {IsWaiting(s), s == JobState::kStarting, s == JobState::kRunning};
}

void TaskTally::Add(const std::string& queue, std::uint32_t uid, const TaskCounts& more) {
  if (more == TaskCounts{}) return;
  const Row& row = RowOf(queue, uid);
  row.queue->second.all += more;
  *row.of_user_in_queue += more;
  *row.of_user += more;
}

TaskTally::Row& TaskTally::RowOf(const std::string& queue, std::uint32_t uid) {
  Row& row = rows_[uid % kRows];
  if (row.queue && row.uid == uid && row.queue->first == queue) return row;
  Queues::value_type& found = *queues_.try_emplace(queue).first;
  row = {&found, uid, &found.second.users[uid], &users_[uid]};
  return row;
}

void TaskTally::Forget(const std::string& queue) {
  rows_ = {};
  const auto it = queues_.find(queue);
  if (it != queues_.end() && it->second.all == TaskCounts{}) queues_.erase(it);
}

TaskCounts TaskTally::OfQueue(std::string_view queue) const {
  const auto it = queues_.find(queue);
  return it == queues_.end() ? TaskCounts{} : it->second.all;
}

TaskCounts TaskTally::OfUser(std::uint32_t uid) const { return CountsIn(users_, uid); }

TaskCounts TaskTally::OfUserInQueue(std::string_view queue, std::uint32_t uid) const {
  const auto it = queues_.find(queue);
  return it == queues_.end() ? TaskCounts{} : CountsIn(it->second.users, uid);
}

}  // namespace bsub::sched
