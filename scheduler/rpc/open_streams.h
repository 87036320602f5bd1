// The calls that go on until somebody ends them (`wait`, `events --follow`, nodes), so that a stop can end
// them all.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "common/result.h"

namespace bsub::rpc {

class OpenStreams {
 public:
  using End = std::function<void(const Error&)>;

  // After EndAll a stream is ended at once.
  std::uint64_t Add(End end) {
    std::unique_lock lock(mutex_);
    const std::uint64_t id = next_id_++;
    if (reason_) {
      const Error reason = *reason_;
      lock.unlock();
      end(reason);
      return id;
    }
    streams_.emplace(id, std::move(end));
    return id;
  }
  void Remove(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    streams_.erase(id);
  }
  void EndAll(const Error& reason) {
    std::map<std::uint64_t, End> streams;
    {
      const std::lock_guard lock(mutex_);
      reason_ = reason;
      streams.swap(streams_);
    }
    for (const auto& [id, end] : streams) end(reason);
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, End> streams_;
  std::uint64_t next_id_ = 1;
  std::optional<Error> reason_;
};

}  // namespace bsub::rpc
