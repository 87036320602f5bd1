// The scheduler's side of worker.proto, played by a test: it sees every message of the agent and says what it
// likes.
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/bsub/v1/worker.grpc.pb.h"

namespace bsub::agent_test {

class FakeScheduler final : public v1::Worker::Service {
 public:
  // `address`: "unix:PATH" or "127.0.0.1:0".
  explicit FakeScheduler(const std::string& address);
  ~FakeScheduler() override;

  int port() const { return port_; }
  // Fails calls that do not carry this bearer token.
  void RequireToken(const std::string& token);

  // Waits for a new stream's Hello and grants `incarnation`.
  v1::Hello Accept(std::uint64_t incarnation, std::int64_t lease_us = 30'000'000);
  // Waits for a Hello and answers with a refusal.
  v1::Hello Refuse(const std::string& reason, bool final);
  void Send(v1::ToNode message);  // under the present incarnation unless it names one
  void CloseStream();

  // The first message that `wanted` accepts; others before it are dropped.
  v1::FromNode Await(const std::function<bool(const v1::FromNode&)>& wanted);
  v1::TaskReport AwaitReport(std::uint64_t job, bool ended);
  std::optional<v1::FromNode> TakeNow();

 private:
  using Stream = grpc::ServerReaderWriter<v1::ToNode, v1::FromNode>;
  grpc::Status Connect(grpc::ServerContext* context, Stream* stream) override;
  v1::Hello AwaitHello();

  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string token_;
  std::deque<v1::FromNode> received_;
  std::deque<v1::Hello> hellos_;
  Stream* stream_ = nullptr;
  grpc::ServerContext* context_ = nullptr;
  std::uint64_t incarnation_ = 0;
};

}  // namespace bsub::agent_test
