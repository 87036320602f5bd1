// Copied windows on their way to the disk: a queue and the threads that empty it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "checkpoint/src/result.h"

namespace bsub::ckpt {

class StagedWindows {
 public:
  using Write = std::function<Done(std::size_t window, char* buffer)>;
  using Release = std::function<void(char* buffer)>;

  // `release` is called for every buffer, also after a failure, when nothing is written any more: whoever
  // waits for a buffer gets one.
  StagedWindows(int threads, Write write, Release release);
  ~StagedWindows();

  // At least one thread, or std::system_error.
  void Start();
  void Push(std::size_t window, char* buffer);
  void CloseQueue();
  // Waits until everything pushed before CloseQueue is written; the first failure.
  Done Finish();

 private:
  void Run();

  int wanted_;
  Write write_;
  Release release_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::size_t, char*>> queue_;
  bool closed_ = false;
  std::optional<Failure> failure_;
  std::vector<std::jthread> threads_;
};

}  // namespace bsub::ckpt
