// A few threads for calls that may wait for a disk, so that neither the core's nor gRPC's threads do.
#pragma once

#include <atomic>
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
  // Calls that take long look at this, so that Stop need not wait for all that they had in mind.
  bool stopping() const { return stopping_; }
  // It will be stopped soon. Calls are still run.
  void BeginStop() { stopping_ = true; }
  void Stop();

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> calls_;
  std::atomic<bool> stopping_ = false;
  bool ends_ = false;  // with the calls that there are
  std::vector<std::thread> threads_;
};

}  // namespace bsub::rpc
