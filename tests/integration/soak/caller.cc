#include "tests/integration/soak/caller.h"

#include <thread>

namespace bsub::soak {
namespace {

constexpr auto kCallDeadline = std::chrono::seconds(10);
constexpr auto kPause = std::chrono::milliseconds(20);

}  // namespace

std::unique_ptr<Stub> Connect(const std::string& socket) {
  static std::atomic<int> next{0};
  grpc::ChannelArguments arguments;
  arguments.SetInt("soak.connection", next++);  // else channels to one address share a connection
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  return v1::Scheduler::NewStub(
      grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments));
}

bool MayRepeat(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
      return true;
    default:
      return false;
  }
}

void SetDeadline(grpc::ClientContext& context, std::chrono::milliseconds after) {
  context.set_deadline(std::chrono::system_clock::now() + after);
}

grpc::Status Insist(const Call& call, const std::atomic<bool>& stop, std::atomic<std::int64_t>& repeats) {
  for (;;) {
    grpc::ClientContext context;
    SetDeadline(context, kCallDeadline);
    const grpc::Status status = call(context);
    if (status.ok() || !MayRepeat(status) || stop) return status;
    ++repeats;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace bsub::soak
