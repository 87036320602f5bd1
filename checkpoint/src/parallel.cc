#include "checkpoint/src/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace bsub::ckpt {
namespace {

class FirstFailure {
 public:
  void Note(std::size_t index, Failure failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_ || index < index_) {
      index_ = index;
      failure_ = std::move(failure);
    }
    failed_ = true;
  }
  bool failed() const { return failed_; }
  Done Take() {
    const std::lock_guard lock(mutex_);
    if (failure_) return std::move(*failure_);
    return {};
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> failed_{false};
  std::size_t index_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace

Failure CaughtFailure() noexcept {
  try {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      return {BSUB_CHECKPOINT_NO_MEMORY, "out of memory"};  // short enough to need none
    } catch (const std::exception& e) {
      return InternalFailure(e.what());
    } catch (...) {
      return InternalFailure("something that is no std::exception was thrown");
    }
  } catch (...) {
    return {BSUB_CHECKPOINT_NO_MEMORY, {}};  // for the words of another failure
  }
}

Done ForEach(std::size_t count, int threads, const std::function<Done(std::size_t index, int thread)>& work) {
  std::atomic<std::size_t> next{0};
  FirstFailure first;
  const auto run = [&](int thread) {
    for (std::size_t index; !first.failed() && (index = next++) < count;) {
      if (Done done = Guard([&] { return work(index, thread); }); !done)
        first.Note(index, std::move(done).error());
    }
  };
  std::vector<std::jthread> others;
  const int wanted =
      static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(std::max(threads, 1)), count));
  for (int thread = 1; thread < wanted; ++thread) {
    try {
      others.emplace_back(run, thread);
    } catch (const std::system_error&) {
      break;  // the process may have no more threads; those there are do the work
    }
  }
  run(0);
  others.clear();
  return first.Take();
}

}  // namespace bsub::ckpt
