// What a witness does while its task runs: it waits for the main process to be over, and ends the task if the
// node's lease is over first and nobody else has (see witness.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "worker/core/attempt_key.h"
#include "worker/launch/unique_fd.h"
#include "worker/spawner/cgroup_tree.h"
#include "worker/spawner/lease_page.h"

namespace bsub::spawner {

// What a witness needs to stand in for the spawner.
struct WitnessDuty {
  worker::AttemptKey key;
  std::string mark;  // "STATE-ID:TASK"
  int spawner = -1;  // pidfd
  int exits = -1;    // see exit_slots.h
  std::uint32_t exit_slot = 0;
  const LeasePage* lease = nullptr;
  CgroupTree* cgroups = nullptr;
  std::int64_t sweep_deadline_us = 0;  // how long killed processes may take to be gone
  std::int64_t look_deadline_us = 0;   // how long the look at the user's file system may take
};

// As the spawner would: nothing of the task stays alive.
void SweepTask(pid_t main, const WitnessDuty& duty);

class LeaseWatch {
 public:
  // Before there is a main process.
  explicit LeaseWatch(const WitnessDuty& duty);

  // False: the machine is out of descriptors, and a task that nobody watches must not run.
  bool valid() const { return timer_.valid(); }
  int timer() const { return timer_.get(); }

  void AwaitEnd(pid_t main);
  bool alone() const { return alone_; }    // the spawner died
  bool killed() const { return killed_; }  // for the lease

 private:
  bool Step();
  bool IsOver() const;
  void OnTime();

  const WitnessDuty& duty_;
  pid_t main_ = 0;
  worker::UniqueFd process_;
  const worker::UniqueFd timer_;
  bool alone_ = false;
  bool killed_ = false;
  bool resting_ = false;  // the timer stands for the alarm
};

}  // namespace bsub::spawner
