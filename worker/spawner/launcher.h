// The launcher: a small process that makes the witnesses of tasks in the spawner's place.
//
// A fork copies the page tables of whoever forks, and both then pay for each page they touch. The spawner
// grows with its tasks; its launcher is forked from it once, before there are any, and stays small. What it
// makes are the spawner's children nevertheless (CLONE_PARENT, clone(2)).
//
// It does nothing but that: it opens no file and waits for nobody, so it cannot hang where a task could. It
// ends with its spawner. If it dies alone the next witness asked for makes a new one. One that does nothing
// (frozen, out of memory) is killed, so that it holds up the spawner's only thread no longer than its
// patience. A witness that comes to be all the same finds its socket closed, and ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "common/result.h"
#include "worker/launch/unique_fd.h"
#include "worker/spawner/lease_watch.h"

namespace bsub::spawner {

class Launcher {
 public:
  // `duties`: of each witness to come; key, mark and slot are of no use in it. What it points to must outlive
  // this. `patience_us`: how long making a witness may take.
  Launcher(WitnessDuty duties, int state_dir, std::int64_t patience_us)
      : duties_(std::move(duties)), state_dir_(state_dir), patience_us_(patience_us) {}

  // So that the launcher is made while the spawner is small; MakeWitness does it too if there is none.
  Status Start();

  // `theirs`: the witness's end of the socket over which it is spoken with. Returns its pid.
  Result<pid_t> MakeWitness(worker::UniqueFd theirs);

  bool Is(pid_t pid) const { return pid_ != 0 && pid == pid_; }
  void OnReaped();  // it died

 private:
  Error GiveUp(const std::string& reason);

  WitnessDuty duties_;
  int state_dir_;
  std::int64_t patience_us_;
  pid_t pid_ = 0;
  bool given_up_ = false;  // killed, and not reaped yet
  worker::UniqueFd socket_;
};

}  // namespace bsub::spawner
