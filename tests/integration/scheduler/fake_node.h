// A node's agent as far as the scheduler can tell: says Hello, is told what to do, and reports what the test
// wants.
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "api/bsub/v1/launch.pb.h"
#include "api/bsub/v1/worker.grpc.pb.h"
#include "jobs/end.h"

namespace bsub::testing {

inline v1::Hello HelloOf(const std::string& name, std::int64_t cpus = 8) {
  v1::Hello hello;
  hello.set_protocol(1);
  hello.set_min_protocol(1);
  hello.set_name(name);
  hello.set_host("testhost");
  hello.set_boot_id("boot");
  hello.set_spawner_id("spawner of " + name);
  hello.set_version("test");
  hello.set_cpu_milli(cpus * 1000);
  hello.set_mem_bytes(std::int64_t{16} << 30);
  return hello;
}

class FakeNode {
 public:
  // `silent`: it does not answer heartbeats.
  FakeNode(const std::shared_ptr<grpc::Channel>& channel, v1::Hello hello, bool silent = false)
      : stub_(v1::Worker::NewStub(channel)), silent_(silent) {
    stream_ = stub_->Connect(&context_);
    v1::FromNode message;
    *message.mutable_hello() = std::move(hello);
    stream_->Write(message);
    reader_ = std::thread([this] { ReadAll(); });
  }
  ~FakeNode() {
    context_.TryCancel();
    reader_.join();
  }

  // The next message that `wanted` accepts; others (heartbeats) are answered or dropped. Nothing at the
  // stream's end.
  std::optional<v1::ToNode> Take(v1::ToNode::BodyCase wanted) {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !messages_.empty() || over_; });
      if (messages_.empty()) return std::nullopt;
      v1::ToNode message = std::move(messages_.front());
      messages_.pop_front();
      if (message.body_case() == wanted) return message;
    }
  }
  bool Accept() {
    const auto message = Take(v1::ToNode::kAccepted);
    if (message) incarnation_ = message->accepted().incarnation();
    return message.has_value();
  }
  std::uint64_t incarnation() const { return incarnation_; }
  void SetIncarnation(std::uint64_t incarnation) { incarnation_ = incarnation; }

  // The next launch, as the spawner would see it.
  std::optional<v1::Launch> TakeLaunch() {
    const auto message = Take(v1::ToNode::kLaunch);
    v1::Launch launch;
    if (!message || !launch.ParseFromString(message->launch().launch())) return std::nullopt;
    return launch;
  }
  void ReportStarted(const v1::AttemptKey& attempt) {
    v1::FromNode message;
    *message.mutable_task()->mutable_attempt() = attempt;
    message.mutable_task()->set_started(true);
    message.mutable_task()->set_pid(4711);
    Send(std::move(message));
  }
  void ReportEnded(const v1::AttemptKey& attempt, EndKind kind, int code) {
    v1::FromNode message;
    *message.mutable_task()->mutable_attempt() = attempt;
    message.mutable_task()->set_ended(true);
    message.mutable_task()->set_end_kind(static_cast<int>(kind));
    message.mutable_task()->set_code(code);
    message.mutable_task()->set_elapsed_us(5000);
    Send(std::move(message));
  }
  void Send(v1::FromNode message) {
    message.set_incarnation(incarnation_);
    SendAs(std::move(message));
  }
  void SendAs(const v1::FromNode& message) {
    const std::lock_guard lock(write_mutex_);
    stream_->Write(message);
  }
  // The status the stream ended with.
  grpc::Status WaitForEnd() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_; });
    return status_;
  }

 private:
  void ReadAll() {
    v1::ToNode message;
    while (stream_->Read(&message)) {
      if (message.has_heartbeat() && !silent_) {
        v1::FromNode answer;
        answer.set_incarnation(message.incarnation());
        *answer.mutable_heartbeat() = message.heartbeat();
        SendAs(answer);
        continue;
      }
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
      changed_.notify_all();
    }
    const grpc::Status status = stream_->Finish();
    const std::lock_guard lock(mutex_);
    status_ = status;
    over_ = true;
    changed_.notify_all();
  }

  std::unique_ptr<v1::Worker::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::FromNode, v1::ToNode>> stream_;
  const bool silent_;
  std::uint64_t incarnation_ = 0;
  std::mutex write_mutex_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::ToNode> messages_;
  bool over_ = false;
  grpc::Status status_;
  std::thread reader_;
};

}  // namespace bsub::testing
