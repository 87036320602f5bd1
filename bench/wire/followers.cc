// Many followers of events: what they cost while nothing happens is measured from outside.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <thread>

#include "bench/wire/wire.h"

namespace bsub::bench {
namespace {

class Follower {
 public:
  explicit Follower(v1::Scheduler::Stub& stub) {
    v1::EventsRequest request;
    request.set_follow(true);
    request.set_limit(1);
    stream_ = stub.Events(&context_, request);
  }
  // Returns once something has come, so that the stream is known to be there.
  bool Hears() {
    v1::Event event;
    return stream_->Read(&event);
  }
  void Stop() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::Event>> stream_;
};

}  // namespace

int Follow(const Load& load) {
  std::vector<std::unique_ptr<v1::Scheduler::Stub>> stubs;
  for (int i = 0; i < load.connections; ++i) stubs.push_back(Connect(load.socket));
  std::vector<std::unique_ptr<Follower>> followers;
  for (int i = 0; i < load.count; ++i)
    followers.push_back(std::make_unique<Follower>(*stubs[static_cast<std::size_t>(i % load.connections)]));
  int hearing = 0;
  for (const auto& follower : followers) hearing += follower->Hears() ? 1 : 0;
  std::printf("{\"figure\": \"followers\", \"asked\": %d, \"following\": %d}\n", load.count, hearing);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  for (const auto& follower : followers) follower->Stop();
  return hearing == load.count ? 0 : 1;
}

}  // namespace bsub::bench
