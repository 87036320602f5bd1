// The limits of a queue on what runs and waits in it: of the queue as a whole, of each user, of each share.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "jobs/job_spec.h"
#include "scheduler/core/queue.h"

namespace bsub::sched {

class Store;

// What limits by CPUs and shares look at. Kept only of queues that need it (CountsFinely): for all others
// nothing is counted.
struct LimitUse {
  struct OfShare {
    std::int64_t waiting = 0;
    std::int64_t live = 0;  // starting or running
    std::int64_t cpu_milli = 0;
    friend bool operator==(const OfShare&, const OfShare&) = default;
  };
  std::int64_t cpu_milli = 0;
  std::map<std::uint32_t, std::int64_t> cpu_milli_of_user;
  std::map<std::string, OfShare, std::less<>> shares;

  void CountTasks(const std::string& share, std::int64_t waiting, std::int64_t live);
  void CountCpu(const std::string& share, std::uint32_t uid, std::int64_t cpu_milli);
  OfShare ShareNow(std::string_view share) const;
  std::int64_t CpuOfUser(std::uint32_t uid) const;
  friend bool operator==(const LimitUse&, const LimitUse&) = default;
};

// Which limit forbids one more task, its value and its use.
struct LimitHit {
  enum class Of : std::uint8_t { kQueue, kUser, kShare };
  Of of = Of::kQueue;
  bool cpus = false;  // of CPUs; else of tasks
  std::int64_t limit = 0;
  std::int64_t used = 0;   // tasks, or thousandths of CPUs
  std::int64_t asked = 1;  // by one more task, in the same unit
  // The task alone is more than is allowed.
  bool never() const { return asked > (cpus ? limit * 1000 : limit); }
};

// How many CPUs a task counts with before it runs, in thousandths. An --exclusive one is let in by what it
// asks for and then counts with the whole of its nodes.
std::int64_t CpuAskedBy(const JobSettings& settings);

// The limit of the queue that forbids one more running task of a job, if any.
std::optional<LimitHit> HitsLimit(const Store& store, const Queue& queue, const JobSettings& settings);

// Of those by CPUs and shares, with what is counted in `use`.
std::optional<LimitHit> HitsFineLimit(const LimitUse& use, const Queue& queue, const JobSettings& settings);

// "queue q runs at most 8 CPUs of share gold at a time, and 6 run now", with what the task asks for where
// that says more.
std::string Describe(const LimitHit& hit, const Queue& queue, const JobSettings& settings);
// Its option of `bsub-lite queues set`: "--max-cpus-per-share".
std::string OptionOf(const LimitHit& hit);

}  // namespace bsub::sched
