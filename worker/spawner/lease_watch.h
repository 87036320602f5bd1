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
  int slots = -1;    // see task_slots.h
  std::uint32_t slot = 0;
  const LeasePage* lease = nullptr;
  CgroupTree* cgroups = nullptr;
  std::int64_t sweep_deadline_us = 0;  // how long killed processes may take to be gone
  std::int64_t look_deadline_us = 0;   // how long the look at the user's file system may take
};

// As the spawner would: nothing of the task stays alive.
void SweepTask(pid_t main, const WitnessDuty& duty);

class LeaseWatch {
 public:
  // `timer`: a timerfd(2) of CLOCK_BOOTTIME that is not set; nor is it afterwards.
  LeaseWatch(const WitnessDuty& duty, int timer) : duty_(duty), timer_(timer) {}

  void AwaitEnd(pid_t main);
  bool alone() const { return alone_; }    // the spawner died
  bool killed() const { return killed_; }  // for the lease

 private:
  bool Step();
  bool IsOver() const;
  void OnTime();
  void Arm(std::int64_t at_us);

  const WitnessDuty& duty_;
  pid_t main_ = 0;
  worker::UniqueFd process_;
  const int timer_;
  bool armed_ = false;
  bool alone_ = false;
  bool killed_ = false;
  bool resting_ = false;  // the timer stands for the alarm
};

}  // namespace bsub::spawner
