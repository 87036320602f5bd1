// A few threads for calls that may wait for a disk, so that neither the core's nor gRPC's threads do.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bsub::rpc {

class BlockingPool {
 public:
  explicit BlockingPool(std::size_t threads);
  // Runs what was still queued, then joins.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  void Run(std::function<void()> call);
  void Stop();

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> calls_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace bsub::rpc
