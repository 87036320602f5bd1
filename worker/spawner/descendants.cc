#include "worker/spawner/descendants.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "worker/spawner/log_line.h"

namespace bsub::spawner {

std::optional<worker::AttemptKey> Descendants::OwnerOf(pid_t pid, const Owners& owners) const {
  if (const pid_t session = getsid(pid); session > 0) {
    if (auto owner = owners.by_session(session)) return owner;
  }
  return owners.by_marker(proc_.Marker(pid));
}

void Descendants::Refresh(const Owners& owners) {
  bool asked = false;
  for (const pid_t pid : proc_.OwnChildren()) {
    if (owners.is_known(pid) || adopted_.count(pid) != 0) continue;
    if (!std::exchange(asked, true)) owners.before_asking();
    if (owners.is_known(pid)) continue;
    adopted_[pid] = OwnerOf(pid, owners);
  }
}

bool Descendants::KillThoseOf(const worker::AttemptKey& task) {
  bool any = false;
  for (auto& [pid, owner] : adopted_) {
    if (owner != task) continue;
    if (kill(pid, SIGKILL) == 0) {
      any = true;
    } else if (errno == EPERM) {  // a set-user-id program, and the spawner is not root
      LogLine("event=cannot-kill pid=" + std::to_string(pid) + " task=" + ToString(task));
      owner.reset();
    }
  }
  return any;
}

void Descendants::KillUnowned() {
  for (const auto& [pid, owner] : adopted_) {
    if (!owner) kill(pid, SIGKILL);
  }
}

}  // namespace bsub::spawner
