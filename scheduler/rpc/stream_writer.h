// The writing half of a gRPC callback stream: messages may be queued from any thread, at any time.
//
// gRPC allows one write at a time, one Finish, and nothing after it; this keeps those rules. A stream is held
// by itself until gRPC is done with it, so that whoever still has a pointer to it can write into the void.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "common/result.h"
#include "scheduler/rpc/status_table.h"

namespace bsub::rpc {

template <typename Reactor, typename Message>
class StreamWriter : public Reactor, public std::enable_shared_from_this<StreamWriter<Reactor, Message>> {
 public:
  // False once the stream is ending: the message is dropped.
  bool Write(Message message) {
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return false;
      queue_.push_back(std::move(message));
    }
    Pump();
    return true;
  }

  // All of them or none; OnDrained comes once, after the last.
  bool WriteAll(std::vector<Message> messages) {
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return false;
      for (Message& message : messages) queue_.push_back(std::move(message));
    }
    Pump();
    return true;
  }

  // Ends the call once everything queued is written. Only the first end counts.
  void End(Status status) {
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      ending_ = std::move(status);
    }
    Pump();
  }

  // Messages that gRPC has not taken yet.
  std::size_t unwritten() const {
    const std::lock_guard lock(mutex_);
    return queue_.size() + (writing_ ? 1 : 0);
  }

  bool ending() const {
    const std::lock_guard lock(mutex_);
    return ending_.has_value();
  }

 protected:
  // Called on gRPC's threads, without a lock.
  virtual void OnDrained() {}  // all that was queued is written
  virtual void OnOver() {}     // once; nothing can be sent any more

  // The pointer that gRPC gets. From then on the stream keeps itself until it is over.
  StreamWriter* KeepUntilDone() {
    self_ = this->shared_from_this();
    return this;
  }

 private:
  void Pump() {
    bool write = false;
    grpc::WriteOptions options;
    std::optional<Status> finish;
    {
      const std::lock_guard lock(mutex_);
      if (writing_ || finished_) return;
      if (!queue_.empty()) {
        current_ = std::move(queue_.front());
        queue_.pop_front();
        writing_ = write = true;
        // So that many go with one system call. Not the first: its initial metadata would wait for another
        // write, and it for them.
        if (!queue_.empty() && wrote_) options.set_buffer_hint();
        wrote_ = true;
      } else if (ending_) {
        finished_ = true;
        finish = ending_;
      }
    }
    if (write) this->StartWrite(&current_, options);
    if (finish) this->Finish(ToGrpc(*finish));
  }

  void Abandon() {
    const std::lock_guard lock(mutex_);
    queue_.clear();
    if (!ending_) ending_ = Error{Code::kCancelled, "the caller went away"};
  }

  void OnWriteDone(bool ok) final {
    if (!ok) Abandon();
    bool drained = false;
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
      drained = queue_.empty() && !ending_;
    }
    Pump();
    if (drained) OnDrained();
  }

  void OnCancel() final {
    Abandon();
    Pump();
  }

  void OnDone() final {
    OnOver();
    const auto self = std::move(self_);
  }

  mutable std::mutex mutex_;
  std::deque<Message> queue_;
  Message current_;
  bool writing_ = false;
  bool wrote_ = false;
  bool finished_ = false;
  std::optional<Status> ending_;
  std::shared_ptr<StreamWriter> self_;
};

}  // namespace bsub::rpc
