// Processes that lost their parent inside a task and were handed to the spawner (it is their subreaper,
// prctl(2)).
//
// At a task's end its processes are killed from the top: each one killed hands its own children up to us,
// until none is left. So no process table is read as long as tasks leave nothing behind.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "worker/core/attempt_key.h"
#include "worker/spawner/proc_fs.h"

namespace bsub::spawner {

class Descendants {
 public:
  // Whose task a session (or a marker) belongs to; nothing if it is over or unknown.
  struct Owners {
    std::function<bool(pid_t)> is_known;  // a child that nobody else had before
    std::function<void()> before_asking;  // called once if any of the following is
    std::function<std::optional<worker::AttemptKey>(pid_t session)> by_session;
    std::function<std::optional<worker::AttemptKey>(const std::string& marker)> by_marker;
  };

  explicit Descendants(ProcFs proc) : proc_(std::move(proc)) {}

  // Takes note of newly adopted children.
  void Refresh(const Owners& owners);
  // A child was reaped.
  void Forget(pid_t pid) { adopted_.erase(pid); }
  // Kills what belongs to `task`; false once nothing does.
  bool KillThoseOf(const worker::AttemptKey& task);
  // Kills those whose task is over, or unknown; for when no task is alive that could own them.
  void KillUnowned();

 private:
  std::optional<worker::AttemptKey> OwnerOf(pid_t pid, const Owners& owners) const;

  ProcFs proc_;
  std::map<pid_t, std::optional<worker::AttemptKey>> adopted_;  // pid -> task
};

}  // namespace bsub::spawner
