// Work that needs nothing but its input (parsing, hashing) done on other threads, its results taken in order
// on this one: reading a journal is as fast as applying it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <thread>
#include <utility>

#include "common/result.h"

namespace bsub::journal {

template <typename Decoded>
class DecodeAhead {
 public:
  // `take`: called in the order of Add. After its first error it is not called again, and that is what Add
  // and Finish return from then on.
  explicit DecodeAhead(std::function<Status(Decoded)> take)
      : take_(std::move(take)), most_(std::max(2u, std::thread::hardware_concurrency())) {}

  // May take what was decoded before. `decode` runs on another thread and owns what it works on.
  Status Add(std::function<Decoded()> decode) {
    BSUB_RETURN_IF_ERROR(taken_);
    while (under_way_.size() >= most_) BSUB_RETURN_IF_ERROR(TakeOldest());
    under_way_.push_back(std::async(std::launch::async, std::move(decode)));
    return OkStatus();
  }

  Status Finish() {
    while (!under_way_.empty()) BSUB_RETURN_IF_ERROR(TakeOldest());
    return taken_;
  }

 private:
  Status TakeOldest() {
    Decoded decoded = under_way_.front().get();
    under_way_.pop_front();
    if (taken_) taken_ = take_(std::move(decoded));
    return taken_;
  }

  const std::function<Status(Decoded)> take_;
  const std::size_t most_;
  Status taken_ = OkStatus();
  std::deque<std::future<Decoded>> under_way_;  // oldest first; destroying one waits for it
};

}  // namespace bsub::journal
