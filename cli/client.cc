#include "cli/client.h"

#include <absl/synchronization/mutex.h>
#include <google/protobuf/stubs/logging.h>
#include <grpc/grpc.h>
#include <grpc/support/log.h>

#include <algorithm>
#include <ostream>
#include <thread>

#include "cli/message_limit.h"
#include "cli/quick/socket_call.h"
#include "common/connect_trouble.h"
#include "common/utf8.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

// A restarted scheduler is back within a second or two; connecting is tried often and is cheap.
constexpr int kFirstBackoffMs = 50;
constexpr int kLongestBackoffMs = 400;
constexpr std::chrono::milliseconds kPauseBeforeRepeat{50};
constexpr std::chrono::milliseconds kProbePatience{500};

constexpr const char* kProtocolKey = "bsub-protocol";

std::string TargetOf(const Address& address) {
  if (!address.local) return address.server;
  // Without its directory the socket is not there either: connecting will say so in the usual words.
  return UnixTarget(address.socket_path).value_or("unix:/proc/self/fd/-1");
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

// Of one value; `field` is what people call it.
Status CheckValue(const std::string& field, const std::string& value) {
  if (ToUtf8(value) == value) return OkStatus();
  return InvalidArgument(field + ": " + Quoted(value) +
                         " is not UTF-8; give it in UTF-8, or without the bytes shown as \\xNN");
}

}  // namespace

Status CheckTexts(const google::protobuf::Message& request) {
  using google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *request.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(request, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(request, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        BSUB_RETURN_IF_ERROR(CheckTexts(field->is_repeated()
                                            ? reflection.GetRepeatedMessage(request, field, i)
                                            : reflection.GetMessage(request, field)));
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        BSUB_RETURN_IF_ERROR(CheckValue(field->name(), field->is_repeated()
                                                           ? reflection.GetRepeatedString(request, field, i)
                                                           : reflection.GetString(request, field)));
      }
    }
  }
  return OkStatus();
}

Result<Client> Client::Make(Address address) {
  google::protobuf::SetLogHandler(nullptr);  // every failure is told once, by CheckTexts or ErrorFrom
  return Client(std::move(address));
}

api::Scheduler::Stub& Client::stub() {
  if (!stub_) StartGrpc();
  return *stub_;
}

void Client::StartGrpc() {
  // References that are never given back, this one and the channel's below: ending gRPC's threads takes as
  // long as a call does, and the process ends anyway.
  grpc_init();
  // Debian's Abseil looks for lock cycles at each lock that gRPC takes.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  gpr_set_log_function([](gpr_log_func_args*) {});  // every failure is told once, by ErrorFrom
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestBackoffMs);
  arguments.SetMaxReceiveMessageSize(-1);  // the scheduler decides how much it says
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (address_.local) arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // pings that measure a network's delay
  channel_ = grpc::CreateCustomChannel(TargetOf(address_), CredentialsOf(address_), arguments);
  new std::shared_ptr<grpc::Channel>(channel_);
  stub_ = api::Scheduler::NewStub(channel_);
}

std::optional<grpc::Status> Client::CallQuickly(std::string_view method,
                                                const google::protobuf::MessageLite& request,
                                                google::protobuf::MessageLite* reply,
                                                Clock::time_point deadline) {
  if (!address_.local || stub_ || quick_calls_left_ == 0) return std::nullopt;
  quick::Call call;
  if (!request.SerializeToString(&call.message) || call.message.size() > quick::kMostRequestBytes)
    return std::nullopt;
  call.path = "/bsub.v1.Scheduler/" + std::string(method);
  call.headers = {{kProtocolKey, std::to_string(kClientProtocol)}};
  const std::shared_ptr<UniqueFd> open = std::exchange(address_.connection, nullptr);
  const quick::Answer answer = quick::CallSocket(
      address_.socket_path, open && open->valid() ? UniqueFd(open->Release()) : UniqueFd(), call, deadline);
  reached_ = answer.sent;
  if (!answer.end)
    return grpc::Status(static_cast<grpc::StatusCode>(answer.end.error().code), answer.end.error().message);
  if (!reply->ParseFromString(answer.message))
    return grpc::Status(grpc::StatusCode::INTERNAL, "the scheduler's answer cannot be read");
  return grpc::Status::OK;
}

std::unique_ptr<grpc::ClientContext> Client::NewContext() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_wait_for_ready(true);
  context->AddMetadata(kProtocolKey, std::to_string(kClientProtocol));
  if (!address_.token.empty()) context->AddMetadata("authorization", "Bearer " + address_.token);
  return context;
}

grpc::Status Client::CallUsually(const UsualCall& usual, Clock::time_point deadline) {
  const auto context = NewContext();
  const auto left = std::max(deadline - Clock::now(), Clock::duration(0));
  context->set_deadline(std::chrono::system_clock::now() +
                        std::chrono::duration_cast<std::chrono::microseconds>(left));
  return usual(context.get());
}

Status Client::CallFor(const QuickCall& quick, const UsualCall& usual, Repeat repeat,
                       std::chrono::milliseconds patience) {
  const auto end = Clock::now() + patience;
  may_have_arrived_ = false;
  reached_ = false;
  while (true) {
    const auto quickly = quick(end);
    const grpc::Status status = quickly ? *quickly : CallUsually(usual, end);
    if (status.ok()) {
      if (quickly) --quick_calls_left_;
      return OkStatus();
    }
    const bool broken = status.error_code() == grpc::StatusCode::UNAVAILABLE;
    // Calls wait for a connection, so one that broke had been sent.
    const bool silent = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    may_have_arrived_ = may_have_arrived_ || broken || (silent && Reached());
    if (!broken || repeat == Repeat::kNo || Clock::now() + kPauseBeforeRepeat >= end)
      return ErrorFrom(status);
    std::this_thread::sleep_for(kPauseBeforeRepeat);
  }
}

Status Client::Control(api::ControlRequest request, api::ControlReply* reply,
                       std::optional<std::chrono::milliseconds> patience) {
  // Said twice, a requeue can run a job twice that ended in between.
  const Repeat repeat = request.action() == api::REQUEUE ? Repeat::kNo : Repeat::kYes;
  const auto quick = [&](Clock::time_point deadline) {
    request.set_again(may_have_arrived_);
    return CallQuickly(MethodOf<api::ControlRequest>::kName, request, reply, deadline);
  };
  const auto usual = [&](grpc::ClientContext* context) {
    request.set_again(may_have_arrived_);
    return stub().Control(context, request, reply);
  };
  const Status said = Explained(request, CallFor(quick, usual, repeat, patience.value_or(address_.patience)));
  if (said || repeat == Repeat::kYes || !may_have_arrived_) return said;
  return Error{said.error().code,
               said.error().message + "; it may have been done: look at the job before you say it again"};
}

// Why there is no connection, and what to do about it. A call that waits for the connection is not told why
// there is none, so one is made that does not.
std::string Client::WhyUnreachable() const {
  if (address_.local) return "; start it with bsub-lite up";
  auto context = NewContext();
  context->set_wait_for_ready(false);
  context->set_deadline(std::chrono::system_clock::now() + kProbePatience);
  api::StatusReply reply;
  const grpc::Status status = stub_->Status(context.get(), api::StatusRequest(), &reply);
  switch (DiagnoseConnection(status.error_message(), !address_.tls_ca.empty())) {
    case ConnectTrouble::kPeerIsPlain:
      return ": it does not speak TLS; unset BSUB_LITE_TLS_CA, or have it started with --tls-cert and "
             "--tls-key";
    case ConnectTrouble::kPeerIsTls:
      return ": it closes plain connections, as one that speaks TLS does; name its certificate authority in "
             "BSUB_LITE_TLS_CA";
    case ConnectTrouble::kUntrusted:
      return ": BSUB_LITE_TLS_CA does not vouch for its certificate; ask the cluster's administrator for the "
             "right "
             "file";
    case ConnectTrouble::kOtherName:
      return ": its certificate is for another host; use the name it is made for in BSUB_LITE_SERVER";
    case ConnectTrouble::kNobodyListens:
      return ": nobody listens there; check BSUB_LITE_SERVER and that the scheduler runs";
    case ConnectTrouble::kNoSuchHost:
      return ": there is no such host; check BSUB_LITE_SERVER";
    case ConnectTrouble::kOther:
      break;
  }
  return "; check BSUB_LITE_SERVER and that the scheduler runs there";
}

Error Client::ErrorFrom(const grpc::Status& status) const {
  const bool silent = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE || silent) {
    const bool listens = address_.local && quick::ConnectTo(address_.socket_path).valid();
    if (listens || (silent && Reached()))
      return Unavailable(address_.Name() +
                         " does not answer; try again, or see whether its machine is overloaded");
    return Unavailable(address_.Name() + " cannot be reached" + WhyUnreachable());
  }
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return {Code::kUnimplemented, address_.Name() +
                                      " does not know this request: it is older than this bsub-lite; "
                                      "upgrade the scheduler, or use the bsub-lite of its version"};
  }
  const auto too_large = ExplainTooLarge(status);
  return {static_cast<Code>(status.error_code()), OneLine(too_large.value_or(status.error_message()))};
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
