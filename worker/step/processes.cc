#include "worker/step/processes.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace bsub::step {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void KillAllChildren(const std::function<bool(pid_t)>& spared) {
  constexpr int kPauseMs = 1;
  const std::string children = "/proc/self/task/" + std::to_string(getpid()) + "/children";
  for (bool any = true; any;) {
    any = false;
    // Each one killed hands its own children up to us.
    std::ifstream list(children);
    for (pid_t pid = 0; list >> pid;) {
      if (spared(pid)) continue;
      any = true;
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, WNOHANG);
    }
    if (any) poll(nullptr, 0, kPauseMs);
  }
}

bool BeganWithout(pid_t process, const std::string& variable) {
  std::ifstream environment("/proc/" + std::to_string(process) + "/environ", std::ios::binary);
  if (!environment) return false;
  for (std::string each; std::getline(environment, each, '\0');) {
    if (each == variable) return false;
  }
  return true;
}

void UnblockSignals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace bsub::step
