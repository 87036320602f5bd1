// The launcher: a small process that makes the witnesses of tasks in the spawner's place.
//
// A fork copies the page tables of whoever forks, and both then pay for each page they touch. The spawner
// grows with its tasks; its launcher is forked from it once, before there are any, and stays small. What it
// makes are the spawner's children nevertheless (CLONE_PARENT, clone(2)).
//
// It does nothing but that: it opens no file and waits for nobody, so it cannot hang where a task could. It
// ends with its spawner. If it dies alone the next launch makes a new one.
#pragma once

#include <sys/types.h>

#include <string_view>
#include <utility>

#include "common/result.h"
#include "worker/launch/unique_fd.h"
#include "worker/spawner/child.h"
#include "worker/spawner/lease_watch.h"
#include "worker/spawner/witness.h"

namespace bsub::spawner {

class Launcher {
 public:
  // `duties`: of each witness to come; key, mark and slot are of no use in it. What it points to must outlive
  // this.
  Launcher(WitnessDuty duties, int state_dir) : duties_(std::move(duties)), state_dir_(state_dir) {}

  // So that the launcher is made while the spawner is small; Launch does it too if there is none.
  Status Start();

  // `ours` and `childs`: the start socket of the task, before anything was sent over it. The child sends its
  // word first, which is taken from `ours` here.
  Result<StartedChild> Launch(const ChildPlan& plan, const worker::AttemptKey& key, std::string_view mark,
                              std::uint32_t exit_slot, int ours, worker::UniqueFd childs);

  bool Is(pid_t pid) const { return pid_ != 0 && pid == pid_; }
  void OnReaped();  // it died

 private:
  WitnessDuty duties_;
  int state_dir_;
  pid_t pid_ = 0;
  worker::UniqueFd socket_;
};

}  // namespace bsub::spawner
