// epoll(7), one callback-free step at a time: the loop asks which descriptors are ready.
#pragma once

#include <cstdint>
#include <vector>

#include "common/result.h"
#include "worker/launch/unique_fd.h"

namespace bsub::spawner {

struct Ready {
  int fd = -1;
  bool readable = false;  // or hung up, or in error: reading will tell
  bool writable = false;
};

class Poller {
 public:
  static Result<Poller> Create();

  Status Add(int fd);                          // for reading
  void WatchWrites(int fd, bool also_writes);  // of one that was added
  void Remove(int fd);
  // Waits until something is ready; empty if a signal interrupted.
  std::vector<Ready> Wait();

 private:
  explicit Poller(worker::UniqueFd fd) : epoll_(std::move(fd)) {}
  worker::UniqueFd epoll_;
};

}  // namespace bsub::spawner
