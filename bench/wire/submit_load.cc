// Durable submits per second, each job acknowledged singly.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "bench/wire/wire.h"

namespace bsub::bench {
namespace {

constexpr std::size_t kEnvironmentBytes = 4096;
constexpr int kProtocol = 1;

// At most so many requests of a connection are without an answer. A quarter of them is sent at once, so that
// the client does not take more of the machine than it must.
class Window {
 public:
  explicit Window(int size) : at_once_(std::max(1, size / 4)), free_(size) {}
  // How many may be sent now.
  int Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return free_ >= at_once_ || closed_; });
    return std::exchange(free_, 0);
  }
  void GiveBack() {
    const std::lock_guard lock(mutex_);
    if (++free_ == at_once_) changed_.notify_one();
  }
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_one();
  }

 private:
  const int at_once_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int free_;
  bool closed_ = false;
};

struct Totals {
  std::atomic<int> acknowledged{0};
  std::atomic<int> refused{0};
};

// Seeds differ from run to run: a token that is known returns the job of an earlier run.
std::uint64_t FirstSeed() { return std::random_device{}() * std::uint64_t{1} << 24; }

void StreamOverOneConnection(const Load& load, std::uint64_t first, int jobs, Totals& totals) {
  const auto stub = Connect(load.socket);
  grpc::ClientContext context;
  const auto stream = stub->SubmitStream(&context);
  Window window(load.outstanding);
  std::thread writer([&] {
    int free = 0;
    for (int i = 0; i < jobs; ++i) {
      if (free == 0 && (free = window.Take()) == 0) break;
      grpc::WriteOptions options;
      if (--free > 0 && i + 1 < jobs)
        options.set_buffer_hint();  // the last of each batch takes the others along
      if (!stream->Write(SmallJob(first + static_cast<std::uint64_t>(i), load), options)) break;
    }
    stream->WritesDone();
  });
  for (v1::SubmitReply reply; stream->Read(&reply); window.GiveBack())
    ++(reply.job_id() != 0 ? totals.acknowledged : totals.refused);
  window.Close();
  writer.join();
  if (const grpc::Status status = stream->Finish(); !status.ok())
    std::fprintf(stderr, "bench-wire: %s\n", status.error_message().c_str());
}

void UnaryOverOneConnection(const Load& load, std::uint64_t first, int jobs, Totals& totals) {
  const auto stub = Connect(load.socket);
  std::atomic<int> next{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < load.outstanding; ++caller) {
    callers.emplace_back([&] {
      for (int i = next++; i < jobs; i = next++) {
        grpc::ClientContext context;
        v1::SubmitReply reply;
        const grpc::Status status =
            stub->Submit(&context, SmallJob(first + static_cast<std::uint64_t>(i), load), &reply);
        ++(status.ok() ? totals.acknowledged : totals.refused);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

using OneConnection = void (*)(const Load&, std::uint64_t, int, Totals&);

int Submit(const Load& load, const char* figure, OneConnection one) {
  Totals totals;
  const std::uint64_t seed = FirstSeed();
  const int each = load.count / load.connections;
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> connections;
  for (int c = 0; c < load.connections; ++c)
    connections.emplace_back([&, c] {
      one(load, seed + static_cast<std::uint64_t>(c) * static_cast<std::uint64_t>(each), each, totals);
    });
  for (std::thread& connection : connections) connection.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf(
      "{\"figure\": \"%s\", \"connections\": %d, \"outstanding\": %d, \"acknowledged\": %d, \"refused\": %d, "
      "\"seconds\": %.3f, \"per_second\": %.0f}\n",
      figure, load.connections, load.outstanding, totals.acknowledged.load(), totals.refused.load(), seconds,
      totals.acknowledged / seconds);
  return totals.refused == 0 && totals.acknowledged == each * load.connections ? 0 : 1;
}

}  // namespace

std::unique_ptr<v1::Scheduler::Stub> Connect(const std::string& socket) {
  static std::atomic<int> next{0};
  grpc::ChannelArguments arguments;
  arguments.SetInt("bench.connection", next++);  // so that no two are the same channel
  return v1::Scheduler::NewStub(
      grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments));
}

v1::SubmitRequest SmallJob(std::uint64_t seed, const Load& load) {
  v1::SubmitRequest request;
  request.set_protocol(kProtocol);
  std::string token(16, '\0');
  for (std::size_t i = 0; i < 8; ++i) token[i] = static_cast<char>(seed >> (8 * i));
  token[15] = 1;
  request.set_token(std::move(token));
  request.mutable_command()->add_argv("/bin/true");
  request.mutable_command()->add_argv(std::to_string(seed));
  request.set_working_directory("/tmp");
  const std::string variation = load.distinct_environments ? std::to_string(seed) : "";
  request.mutable_environment()->add_variables("FILL=" + variation +
                                               std::string(kEnvironmentBytes - variation.size(), 'x'));
  request.set_held(load.held);
  return request;
}

int SubmitByStream(const Load& load) { return Submit(load, "submit-stream", StreamOverOneConnection); }
int SubmitOneByOne(const Load& load) { return Submit(load, "submit-unary", UnaryOverOneConnection); }

}  // namespace bsub::bench
