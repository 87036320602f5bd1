#include "worker/spawner/kernel_check.h"

#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

Status Lacks(const std::string& call) {
  return FailedPrecondition(
      ErrnoText("this kernel has no " + call) +
      "; bsub-lite-spawner needs Linux 5.9 or newer, and no sandbox that forbids the call");
}

}  // namespace

Status CheckKernel() {
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  if (!process.valid()) return Lacks("pidfd_open(2)");
  const UniqueFd timer(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC));
  if (!timer.valid()) return Lacks("timerfd_create(2) with CLOCK_BOOTTIME");
  // No descriptor has the largest number.
  if (syscall(SYS_close_range, ~0u, ~0u, 0u) != 0) return Lacks("close_range(2)");
  return OkStatus();
}

}  // namespace bsub::spawner
