// SIGINT and SIGTERM as something to wait for.
#pragma once

#include <signal.h>

#include "common/time.h"

namespace bsub::cli {

inline constexpr int kExitInterrupted = 130;  // as a shell shows SIGINT

// While this lives the signals do nothing but end a Wait. Made before any thread, so that all threads leave
// them to it.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // False: one came.
  bool Wait(Duration time) const;
  // Until there is something to read in `fd`, or for so long; Duration::max(): without an end.
  enum class Came { kReadable, kInterrupt, kTimeOut };
  Came WaitFor(int fd, Duration time) const;

 private:
  bool Take() const;  // one that has come: else it would strike once it is no longer blocked

  sigset_t handled_{};
  sigset_t before_{};
  int fd_ = -1;
};

}  // namespace bsub::cli
