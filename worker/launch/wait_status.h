// What wait(2) says of a process that is over.
#pragma once

#include <sys/wait.h>

namespace bsub::worker {

// As a shell has it: the exit code, or 128 + n for signal n.
inline int ShellStatus(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace bsub::worker
