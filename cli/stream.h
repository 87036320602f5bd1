// Reads a stream of messages from the scheduler with a time limit for each, without a thread of its own.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <utility>

namespace bsub::cli {

enum class Next {
  kMessage,
  kQuiet,  // nothing came in the given time; ask again
  kEnd,    // see status()
};

template <typename Reply>
class Stream {
 public:
  // `prepare(context, queue)` is the stub's PrepareAsync… call.
  template <typename Prepare>
  Stream(std::unique_ptr<grpc::ClientContext> context, Prepare prepare)
      : context_(std::move(context)), reader_(prepare(context_.get(), &queue_)) {
    reader_->StartCall(Tag(kStart));
    pending_ = kStart;
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  ~Stream() {
    context_->TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  // The next message into *message, waiting for at most `patience`.
  Next Read(Reply* message, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::system_clock::now() + patience;
    while (pending_ != kNothing) {
      void* tag = nullptr;
      bool ok = false;
      if (queue_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) return Next::kQuiet;
      const Step done = std::exchange(pending_, kNothing);
      if (done == kFinish) return Next::kEnd;
      if (done == kRead && ok) {
        std::swap(*message, buffer_);
        Begin(kRead);
        return Next::kMessage;
      }
      Begin(ok ? kRead : kFinish);
    }
    return Next::kEnd;
  }

  // Of the whole call, after kEnd.
  const grpc::Status& status() const { return status_; }

 private:
  enum Step : int { kNothing, kStart, kRead, kFinish };
  void* Tag(Step step) { return reinterpret_cast<void*>(static_cast<std::intptr_t>(step)); }
  void Begin(Step step) {
    pending_ = step;
    if (step == kRead) {
      buffer_.Clear();
      reader_->Read(&buffer_, Tag(kRead));
    } else {
      reader_->Finish(&status_, Tag(kFinish));
    }
  }

  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientAsyncReader<Reply>> reader_;
  Reply buffer_;
  grpc::Status status_;
  Step pending_ = kNothing;
};

}  // namespace bsub::cli
