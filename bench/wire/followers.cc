// Many followers of events or of output: what they cost while nothing happens is measured from outside.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "bench/wire/wire.h"

namespace bsub::bench {
namespace {

template <typename Message>
class Follower {
 public:
  template <typename Request>
  Follower(v1::Scheduler::Stub& stub, const Request& request) : stream_(Begin(stub, request)) {}
  // Returns once something has come, so that the stream is known to be there.
  bool Hears() {
    Message message;
    return stream_->Read(&message);
  }
  void Stop() { context_.TryCancel(); }

 private:
  auto Begin(v1::Scheduler::Stub& stub, const v1::EventsRequest& request) {
    return stub.Events(&context_, request);
  }
  auto Begin(v1::Scheduler::Stub& stub, const v1::LogsRequest& request) {
    return stub.Logs(&context_, request);
  }

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Message>> stream_;
};

template <typename Message, typename Request>
int Follow(const Load& load, const char* figure, const Request& request) {
  std::vector<std::unique_ptr<v1::Scheduler::Stub>> stubs;
  for (int i = 0; i < load.connections; ++i) stubs.push_back(Connect(load.socket));
  std::vector<std::unique_ptr<Follower<Message>>> followers;
  for (int i = 0; i < load.count; ++i) {
    followers.push_back(
        std::make_unique<Follower<Message>>(*stubs[static_cast<std::size_t>(i % load.connections)], request));
  }
  int hearing = 0;
  for (const auto& follower : followers) hearing += follower->Hears() ? 1 : 0;
  std::printf("{\"figure\": \"%s\", \"asked\": %d, \"following\": %d}\n", figure, load.count, hearing);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  for (const auto& follower : followers) follower->Stop();
  return hearing == load.count ? 0 : 1;
}

}  // namespace

int FollowEvents(const Load& load) {
  v1::EventsRequest request;
  request.set_follow(true);
  request.set_limit(1);
  return Follow<v1::Event>(load, "followers", request);
}

int FollowLogs(const Load& load) {
  v1::LogsRequest request;
  request.set_target(std::to_string(load.target));
  request.set_follow(true);
  return Follow<v1::LogChunk>(load, "log-followers", request);
}

}  // namespace bsub::bench
