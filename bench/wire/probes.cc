// How long one call takes, one after another.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <random>

#include "bench/wire/wire.h"

namespace bsub::bench {
namespace {

int Probe(const Load& load, const char* figure, const std::function<grpc::Status(int)>& call) {
  std::vector<double> ms;
  for (int i = 0; i < load.count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (const grpc::Status status = call(i); !status.ok()) {
      std::fprintf(stderr, "bench-wire: %s\n", status.error_message().c_str());
      return 1;
    }
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::printf("{\"figure\": \"%s\", \"calls\": %d, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
              figure, load.count, Quantile(ms, 0.5), Quantile(ms, 0.99), Quantile(ms, 1.0));
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
  const auto stub = Connect(load.socket);
  return Probe(load, "probe-job", [&](int i) {
    grpc::ClientContext context;
    v1::GetJobRequest request;
    request.set_target(std::to_string(i + 1));
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
