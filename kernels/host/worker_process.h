// Starts this program again as a worker, and hears how it ends.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"

namespace bsub::kernels {

struct ProcessEnd {
  bool by_signal = false;
  int number = 0;  // the signal or the exit code
};
// "signal 9 (Killed)", "exit code 4".
std::string ToString(const ProcessEnd& end);

class WorkerProcess {
 public:
  // `arguments` follow the program's name. The worker dies with this process (PR_SET_PDEATHSIG, which the
  // worker sets).
  static Result<WorkerProcess> Start(const std::vector<std::string>& arguments);

  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&&) = delete;
  ~WorkerProcess();  // kills it

  // Nothing if it still runs after `most`.
  std::optional<ProcessEnd> WaitFor(std::chrono::milliseconds most);
  void Kill();

 private:
  WorkerProcess(int pid, int pidfd) : pid_(pid), pidfd_(pidfd) {}
  int pid_ = -1;  // -1: has ended
  int pidfd_ = -1;
};

// In the worker: ends it when its host is gone. False if that was so already.
bool DieWithParent(int expected_parent);

// Runs this program with `arguments` and returns what it wrote to standard output; FailedPrecondition if it
// did not end with 0.
Result<std::string> OutputOf(const std::vector<std::string>& arguments);

}  // namespace bsub::kernels
