#include "cli/client.h"

#include <grpc/grpc.h>

#include <ostream>
#include <thread>

namespace bsub::cli {
namespace {

using Clock = std::chrono::steady_clock;

// A restarted scheduler is back within a second or two; connecting is tried often and is cheap.
constexpr int kFirstBackoffMs = 50;
constexpr int kLongestBackoffMs = 400;
constexpr std::chrono::milliseconds kPauseBeforeRepeat{50};

Result<std::string> TargetOf(const Address& address) {
  if (!address.local) return address.server;
  auto target = UnixTarget(address.socket_path);
  // Without its directory the socket is not there either: connecting will say so in the usual words.
  return target ? *target : "unix:/proc/self/fd/-1";
}

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const Address& address) {
  if (address.tls_ca.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = address.tls_ca;
  return grpc::SslCredentials(options);
}

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

Client::Client(Address address, std::shared_ptr<grpc::Channel> channel)
    : address_(std::move(address)), channel_(std::move(channel)), stub_(api::Scheduler::NewStub(channel_)) {}

Result<Client> Client::Make(Address address) {
  // One reference that is never given back: ending gRPC's threads takes as long as a call does, and the
  // process ends anyway.
  grpc_init();
  BSUB_ASSIGN_OR_RETURN(const std::string target, TargetOf(address));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestBackoffMs);
  arguments.SetMaxReceiveMessageSize(-1);  // the scheduler decides how much it says
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto channel = grpc::CreateCustomChannel(target, CredentialsOf(address), arguments);
  return Client(std::move(address), std::move(channel));
}

std::unique_ptr<grpc::ClientContext> Client::NewContext() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_wait_for_ready(true);
  if (!address_.token.empty()) context->AddMetadata("authorization", "Bearer " + address_.token);
  return context;
}

Status Client::CallFor(const std::function<grpc::Status(grpc::ClientContext*)>& call, Repeat repeat,
                       std::chrono::milliseconds patience) {
  const auto end = Clock::now() + patience;
  while (true) {
    auto context = NewContext();
    const auto left = std::max(end - Clock::now(), Clock::duration(0));
    context->set_deadline(std::chrono::system_clock::now() +
                          std::chrono::duration_cast<std::chrono::microseconds>(left));
    const grpc::Status status = call(context.get());
    if (status.ok()) return OkStatus();
    const bool broken = status.error_code() == grpc::StatusCode::UNAVAILABLE;
    if (!broken || repeat == Repeat::kNo || Clock::now() + kPauseBeforeRepeat >= end)
      return ErrorFrom(status);
    std::this_thread::sleep_for(kPauseBeforeRepeat);
  }
}

std::string Client::Remedy() const {
  return address_.local ? "start it with bsub-lite up"
                        : "check BSUB_LITE_SERVER and that the scheduler runs there";
}

Error Client::ErrorFrom(const grpc::Status& status) const {
  const bool silent = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE || silent) {
    const std::string what = silent && Connected() ? " does not answer" : " cannot be reached";
    return Unavailable(address_.Name() + what + "; " + Remedy());
  }
  return {static_cast<Code>(status.error_code()), OneLine(status.error_message())};
}

int ExitCodeOf(const Error& error) {
  switch (error.code) {
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
      return kExitUnreachable;
    case Code::kNotFound:
    case Code::kInvalidArgument:
      return kExitUsage;
    default:
      return kExitFailed;
  }
}

int Fail(Context& context, std::string_view command, const Error& error) {
  context.err << "bsub-lite " << command << ": " << error.message << std::endl;
  return ExitCodeOf(error);
}

}  // namespace bsub::cli
