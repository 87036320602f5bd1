// How many tasks wait, start and run: of each queue, each user, and each user in a queue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "scheduler/core/state.h"

namespace bsub::sched {

struct TaskCounts {
  std::int64_t waiting = 0;
  std::int64_t starting = 0;
  std::int64_t running = 0;
  std::int64_t live() const { return starting + running; }
  TaskCounts& operator+=(const TaskCounts& c) {
    waiting += c.waiting, starting += c.starting, running += c.running;
    return *this;
  }
  TaskCounts& operator-=(const TaskCounts& c) {
    waiting -= c.waiting, starting -= c.starting, running -= c.running;
    return *this;
  }
  friend bool operator==(const TaskCounts&, const TaskCounts&) = default;
};
TaskCounts CountsOf(const Job& job);

class TaskTally {
 public:
  TaskTally() = default;
  TaskTally(const TaskTally&) = delete;
  TaskTally& operator=(const TaskTally&) = delete;

  void Add(const std::string& queue, std::uint32_t uid, const TaskCounts& more);
  // The queue is deleted.
  void Forget(const std::string& queue);

  TaskCounts OfQueue(std::string_view queue) const;
  TaskCounts OfUser(std::uint32_t uid) const;
  TaskCounts OfUserInQueue(std::string_view queue, std::uint32_t uid) const;

 private:
  // Never walked through: they have no order. Users stay once they have been there.
  using Users = std::unordered_map<std::uint32_t, TaskCounts>;
  struct InQueue {
    TaskCounts all;
    Users users;
  };
  using Queues = std::map<std::string, InQueue, std::less<>>;

  // Where the tasks of one user in one queue are counted. Each life of a task counts four times: the rows of
  // whoever has some now are found without a search.
  struct Row {
    Queues::value_type* queue = nullptr;  // null: none
    std::uint32_t uid = 0;
    TaskCounts* of_user_in_queue = nullptr;
    TaskCounts* of_user = nullptr;
  };
  Row& RowOf(const std::string& queue, std::uint32_t uid);

  Queues queues_;
  Users users_;
  static constexpr std::size_t kRows = 64;  // a power of two
  std::array<Row, kRows> rows_{};           // a cache, by uid
};

}  // namespace bsub::sched
