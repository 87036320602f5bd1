// How long one call takes, one after another.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <thread>

#include "bench/wire/wire.h"

namespace bsub::bench {
namespace {

// Whether standard input has ended; looked at by a thread, since reading waits.
class EndOfInput {
 public:
  EndOfInput() {
    std::thread([ended = ended_] {
      while (std::getchar() != EOF) {
      }
      *ended = true;
    }).detach();
  }
  explicit operator bool() const { return *ended_; }

 private:
  std::shared_ptr<std::atomic<bool>> ended_ = std::make_shared<std::atomic<bool>>(false);
};

int Probe(const Load& load, const char* figure, const std::function<grpc::Status(int)>& call) {
  std::vector<double> ms;
  std::optional<EndOfInput> end;
  if (load.until_eof) end.emplace();
  for (int i = 0; end ? !*end : i < load.count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (const grpc::Status status = call(i); !status.ok()) {
      std::fprintf(stderr, "bench-wire: %s\n", status.error_message().c_str());
      return 1;
    }
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::printf("{\"figure\": \"%s\", \"calls\": %zu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
              figure, ms.size(), Quantile(ms, 0.5), Quantile(ms, 0.99), Quantile(ms, 1.0));
  return 0;
}

}  // namespace

double Quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

int ProbeSubmit(const Load& load) {
  const auto stub = Connect(load.socket);
  const std::uint64_t seed = std::random_device{}() * std::uint64_t{1} << 24;
  return Probe(load, "probe-submit", [&](int i) {
    grpc::ClientContext context;
    v1::SubmitReply reply;
    return stub->Submit(&context, SmallJob(seed + static_cast<std::uint64_t>(i), load), &reply);
  });
}

int ProbeJob(const Load& load) {
  constexpr std::int64_t kStride = 9973;  // neighbours in time are no neighbours in memory
  const auto stub = Connect(load.socket);
  const std::int64_t jobs = load.jobs > 0 ? load.jobs : load.count;
  return Probe(load, "probe-job", [&](int i) {
    grpc::ClientContext context;
    v1::GetJobRequest request;
    request.set_target(std::to_string(1 + kStride * i % jobs));
    v1::Job job;
    return stub->GetJob(&context, request, &job);
  });
}

int CancelAll(const Load& load) {
  const auto stub = Connect(load.socket);
  grpc::ClientContext context;
  v1::ControlRequest request;
  request.set_action(v1::CANCEL);
  request.mutable_filter()->add_states("active");
  v1::ControlReply reply;
  const auto start = std::chrono::steady_clock::now();
  const grpc::Status status = stub->Control(&context, request, &reply);
  const double ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (!status.ok()) {
    std::fprintf(stderr, "bench-wire: %s\n", status.error_message().c_str());
    return 1;
  }
  std::printf("{\"figure\": \"cancel\", \"jobs\": %d, \"ms\": %.1f}\n", reply.results_size(), ms);
  return 0;
}

}  // namespace bsub::bench
