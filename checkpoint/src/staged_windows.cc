#include "checkpoint/src/staged_windows.h"

#include <system_error>

#include "checkpoint/src/parallel.h"

namespace bsub::ckpt {

StagedWindows::StagedWindows(int threads, Write write, Release release)
    : wanted_(threads), write_(std::move(write)), release_(std::move(release)) {}

StagedWindows::~StagedWindows() {
  CloseQueue();
  threads_.clear();
}

void StagedWindows::Start() {
  for (int i = 0; i < wanted_; ++i) {
    try {
      threads_.emplace_back([this] { Run(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) throw;
      return;  // the process may have no more; those there are do the work
    }
  }
}

void StagedWindows::Push(std::size_t window, char* buffer) {
  {
    const std::lock_guard lock(mutex_);
    queue_.emplace_back(window, buffer);
  }
  changed_.notify_one();
}

void StagedWindows::CloseQueue() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

Done StagedWindows::Finish() {
  threads_.clear();
  if (failure_) return *failure_;
  return {};
}

void StagedWindows::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return closed_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const auto [window, buffer] = queue_.front();
    queue_.pop_front();
    const bool failed = failure_.has_value();
    lock.unlock();
    Done done = failed ? Done() : Guard([&] { return write_(window, buffer); });
    release_(buffer);
    lock.lock();
    if (!done && !failure_) failure_ = std::move(done).error();  // no copy: there may be no memory for it
  }
}

}  // namespace bsub::ckpt
