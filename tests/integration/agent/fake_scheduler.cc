#include "tests/integration/agent/fake_scheduler.h"

#include <gtest/gtest.h>

#include "tests/integration/spawner/spawner_fixture.h"

namespace bsub::agent_test {

using spawner_test::kPatience;

FakeScheduler::FakeScheduler(const std::string& address) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  EXPECT_NE(server_, nullptr) << address;
}

FakeScheduler::~FakeScheduler() {
  CloseStream();
  if (server_) server_->Shutdown(std::chrono::system_clock::now());
}

void FakeScheduler::RequireToken(const std::string& token) {
  const std::lock_guard lock(mutex_);
  token_ = token;
}

grpc::Status FakeScheduler::Connect(grpc::ServerContext* context, Stream* stream) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = context->client_metadata().find("authorization");
    const bool known = found != context->client_metadata().end() &&
                       std::string(found->second.data(), found->second.size()) == "Bearer " + token_;
    if (!token_.empty() && !known) return {grpc::StatusCode::UNAUTHENTICATED, "wrong token"};
    stream_ = stream;
    context_ = context;
    received_.clear();
  }
  v1::FromNode message;
  while (stream->Read(&message)) {
    const std::lock_guard lock(mutex_);
    if (message.has_hello()) {
      hellos_.push_back(message.hello());
    } else {
      received_.push_back(message);
    }
    changed_.notify_all();
  }
  const std::lock_guard lock(mutex_);
  if (stream_ == stream) stream_ = nullptr, context_ = nullptr;
  return grpc::Status::OK;
}

v1::Hello FakeScheduler::AwaitHello() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, [this] { return !hellos_.empty(); })) {
    ADD_FAILURE() << "no Hello came";
    return {};
  }
  v1::Hello hello = hellos_.back();
  hellos_.clear();
  return hello;
}

v1::Hello FakeScheduler::Accept(std::uint64_t incarnation, std::int64_t lease_us) {
  v1::Hello hello = AwaitHello();
  {
    const std::lock_guard lock(mutex_);
    incarnation_ = incarnation;
  }
  v1::ToNode message;
  message.mutable_accepted()->set_incarnation(incarnation);
  message.mutable_accepted()->set_cluster_uuid("a-cluster");
  message.mutable_accepted()->set_protocol(1);
  message.mutable_accepted()->set_lease_us(lease_us);
  message.mutable_accepted()->set_heartbeat_us(60'000'000);
  Send(std::move(message));
  return hello;
}

v1::Hello FakeScheduler::Refuse(const std::string& reason, bool final) {
  v1::Hello hello = AwaitHello();
  v1::ToNode message;
  message.mutable_refused()->set_reason(reason);
  message.mutable_refused()->set_final(final);
  Send(std::move(message));
  return hello;
}

void FakeScheduler::Send(v1::ToNode message) {
  const std::lock_guard lock(mutex_);
  if (message.incarnation() == 0) message.set_incarnation(incarnation_);
  if (stream_ != nullptr) stream_->Write(message);
}

void FakeScheduler::CloseStream() {
  const std::lock_guard lock(mutex_);
  if (context_ != nullptr) context_->TryCancel();
}

v1::FromNode FakeScheduler::Await(const std::function<bool(const v1::FromNode&)>& wanted) {
  std::unique_lock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    if (!changed_.wait_until(lock, deadline, [this] { return !received_.empty(); })) {
      ADD_FAILURE() << "no such message came";
      return {};
    }
    v1::FromNode message = received_.front();
    received_.pop_front();
    if (wanted(message)) return message;
  }
}

std::optional<v1::FromNode> FakeScheduler::TakeNow() {
  const std::lock_guard lock(mutex_);
  if (received_.empty()) return std::nullopt;
  v1::FromNode message = received_.front();
  received_.pop_front();
  return message;
}

v1::TaskReport FakeScheduler::AwaitReport(std::uint64_t job, bool ended) {
  return Await([=](const v1::FromNode& m) {
           return m.has_task() && m.task().attempt().job() == job && m.task().ended() == ended;
         })
      .task();
}

}  // namespace bsub::agent_test
