// Many followers of events, or of one job's output: what they cost while nothing happens is measured from
// outside.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <random>
#include <thread>

#include "bench/wire/wire.h"

namespace bsub::bench {
namespace {

using Stub = v1::Scheduler::Stub;
using EventReader = std::unique_ptr<grpc::ClientReader<v1::Event>>;
using LogReader = std::unique_ptr<grpc::ClientReader<v1::LogChunk>>;

EventReader OpenEvents(Stub& stub, grpc::ClientContext& context) {
  v1::EventsRequest request;
  request.set_follow(true);
  request.set_limit(1);
  return stub.Events(&context, request);
}

LogReader OpenLog(Stub& stub, grpc::ClientContext& context, std::uint64_t job) {
  v1::LogsRequest request;
  request.set_target(std::to_string(job));
  request.set_follow(true);
  return stub.Logs(&context, request);
}

template <typename Message>
class Follower {
 public:
  using Reader = std::unique_ptr<grpc::ClientReader<Message>>;

  template <typename Open>
  Follower(Stub& stub, const Open& open) : stream_(open(stub, context_)) {}
  // Returns once something has come, so that the stream is known to be there.
  bool Hears() {
    Message message;
    return stream_->Read(&message);
  }
  void Stop() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  Reader stream_;
};

template <typename Message, typename Open>
int Follow(const Load& load, const char* figure, const Open& open) {
  std::vector<std::unique_ptr<Stub>> stubs;
  for (int i = 0; i < load.connections; ++i) stubs.push_back(Connect(load.socket));
  std::vector<std::unique_ptr<Follower<Message>>> followers;
  for (int i = 0; i < load.count; ++i)
    followers.push_back(
        std::make_unique<Follower<Message>>(*stubs[static_cast<std::size_t>(i % load.connections)], open));
  int hearing = 0;
  for (const auto& follower : followers) hearing += follower->Hears() ? 1 : 0;
  std::printf("{\"figure\": \"%s\", \"asked\": %d, \"following\": %d}\n", figure, load.count, hearing);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  for (const auto& follower : followers) follower->Stop();
  return hearing == load.count ? 0 : 1;
}

// Says one word and is silent then. 0: it was refused.
std::uint64_t SubmitSilentJob(Stub& stub, const Load& load) {
  grpc::ClientContext context;
  v1::SubmitRequest request = SmallJob(std::random_device{}() * std::uint64_t{1} << 24, load);
  request.set_held(false);
  request.mutable_command()->clear_argv();
  for (const char* word : {"/bin/sh", "-c", "echo here; exec sleep 3600"})
    request.mutable_command()->add_argv(word);
  v1::SubmitReply reply;
  const grpc::Status status = stub.Submit(&context, request, &reply);
  if (!status.ok()) std::fprintf(stderr, "bench-wire: %s\n", status.error_message().c_str());
  return reply.job_id();
}

void Cancel(Stub& stub, std::uint64_t job) {
  grpc::ClientContext context;
  v1::ControlRequest request;
  request.set_action(v1::CANCEL);
  request.add_targets(std::to_string(job));
  v1::ControlReply reply;
  stub.Control(&context, request, &reply);
}

}  // namespace

int FollowEvents(const Load& load) { return Follow<v1::Event>(load, "followers", OpenEvents); }

int FollowLog(const Load& load) {
  const auto stub = Connect(load.socket);
  const std::uint64_t job = SubmitSilentJob(*stub, load);
  if (job == 0) return 1;
  const int code = Follow<v1::LogChunk>(load, "log-followers", [job](Stub& s, grpc::ClientContext& context) {
    return OpenLog(s, context, job);
  });
  Cancel(*stub, job);
  return code;
}

}  // namespace bsub::bench
