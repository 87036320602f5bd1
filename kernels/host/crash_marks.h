// Marks the slot of a thread that ends the worker: by a signal that a fault or abort() raises, or by exit().
//
// A fault may be a stack overflow, so threads handle signals on a stack of their own.
#pragma once

#include <memory>

#include "kernels/host/shared_table.h"

namespace bsub::kernels {

// Once in a process, before the threads.
void MarkCrashes();

// While it lives, this thread's faults are marked in `slot`.
class MarkedThread {
 public:
  explicit MarkedThread(Slot& slot);
  ~MarkedThread();
  MarkedThread(const MarkedThread&) = delete;
  MarkedThread& operator=(const MarkedThread&) = delete;

 private:
  std::unique_ptr<char[]> signal_stack_;
};

}  // namespace bsub::kernels
