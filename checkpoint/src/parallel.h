// The same work for many indices on a few threads that may block in I/O (so not TBB's: those are for
// computing).
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "checkpoint/src/result.h"

namespace bsub::ckpt {

// Calls work(index, thread) for each index below `count`; `thread` is below `threads`, and one thread makes
// one call at a time. After a failure no new index is begun; the failure of the lowest index that failed is
// returned. What `work` throws is a failure too. Fewer threads than asked for may be had.
Done ForEach(std::size_t count, int threads, const std::function<Done(std::size_t index, int thread)>& work);

// What was caught, as a failure; never throws itself. To be called in a catch block.
Failure CaughtFailure() noexcept;

// Runs `work` and turns what it throws into a failure. Without a function object, which may need memory that
// there is not.
template <typename Work>
Done Guard(Work&& work) noexcept {
  try {
    return std::forward<Work>(work)();
  } catch (...) {
    return CaughtFailure();
  }
}

}  // namespace bsub::ckpt
