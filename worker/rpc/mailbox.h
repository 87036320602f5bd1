// From gRPC's threads to the agent's one thread: a queue whose descriptor is readable while it holds
// something.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "common/check.h"
#include "worker/launch/unique_fd.h"

namespace bsub::worker {

template <typename T>
class Mailbox {
 public:
  Mailbox() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    BSUB_CHECK(event_.valid()) << "eventfd failed";
  }

  void Put(T item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    if (items_.size() > 1) return;  // it is readable already
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(event_.get(), &one, sizeof one);
  }

  std::vector<T> TakeAll() {
    const std::lock_guard lock(mutex_);
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(event_.get(), &count, sizeof count);
    return std::exchange(items_, {});
  }

  int fd() const { return event_.get(); }

 private:
  UniqueFd event_;
  std::mutex mutex_;
  std::vector<T> items_;
};

}  // namespace bsub::worker
