// The connection to the scheduler: deadlines, reconnecting, and gRPC's errors in our words.
//
// Every call ends in bounded time even if the scheduler is down, restarts in the middle or hangs. One thread
// per client. On the cluster's own machine the first calls go without gRPC (quick/socket_call.h), which is
// started when it is needed: for streams, for what is large, and by those that call again and again.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/bsub/v1/scheduler.grpc.pb.h"
#include "cli/address.h"
#include "common/result.h"

namespace bsub::cli {

namespace api = ::bsub::v1;

// What this client speaks; sent with every call, so that a scheduler it does not fit can say so.
inline constexpr std::int32_t kClientProtocol = 1;

// May a call be sent again when the connection broke after it was sent?
enum class Repeat { kYes, kNo };

// A unary call's name, by its request. Asking the request for its own name makes protobuf read the
// description of the whole wire, which takes longer than the call.
template <typename Request>
struct MethodOf;
#define BSUB_METHOD(name)                            \
  template <>                                        \
  struct MethodOf<api::name##Request> {              \
    static constexpr std::string_view kName = #name; \
  }
BSUB_METHOD(Submit);
BSUB_METHOD(TrySubmit);
BSUB_METHOD(Control);
BSUB_METHOD(GetJob);
BSUB_METHOD(Why);
BSUB_METHOD(When);
BSUB_METHOD(ListQueues);
BSUB_METHOD(SetQueue);
BSUB_METHOD(DeleteQueue);
BSUB_METHOD(ListReservations);
BSUB_METHOD(CreateReservation);
BSUB_METHOD(DeleteReservation);
BSUB_METHOD(ListNodes);
BSUB_METHOD(SetNode);
BSUB_METHOD(ListEnvironments);
BSUB_METHOD(RegisterDefinition);
BSUB_METHOD(DeregisterDefinition);
BSUB_METHOD(ListDefinitions);
BSUB_METHOD(Status);
BSUB_METHOD(ShutDown);
#undef BSUB_METHOD

// The scheduler's wire takes text as UTF-8 only. Names the field.
Status CheckTexts(const google::protobuf::Message& request);

class Client {
 public:
  static Result<Client> Make(Address address);

  api::Scheduler::Stub& stub();
  const Address& address() const { return address_; }

  // One request, one reply.
  template <typename Request, typename Reply>
  Status Call(grpc::Status (api::Scheduler::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
              const Request& request, Reply* reply, Repeat repeat = Repeat::kYes,
              std::optional<std::chrono::milliseconds> patience = std::nullopt) {
    const auto quick = [&](Clock::time_point deadline) {
      return CallQuickly(MethodOf<Request>::kName, request, reply, deadline);
    };
    const auto usual = [&](grpc::ClientContext* context) {
      return (stub().*method)(context, request, reply);
    };
    return Explained(request, CallFor(quick, usual, repeat, patience.value_or(address_.patience)));
  }

  // Sent again when the connection broke, and then said to be so: what the first one did is no error. A
  // requeue is sent once.
  Status Control(api::ControlRequest request, api::ControlReply* reply,
                 std::optional<std::chrono::milliseconds> patience = std::nullopt);

  // A context with this client's credentials that waits for the connection.
  std::unique_ptr<grpc::ClientContext> NewContext() const;

  // After a call failed: whether the scheduler may have got it and acted on it all the same.
  bool MayHaveArrived() const { return may_have_arrived_; }

  bool Connected() const { return channel_ && channel_->GetState(false) == GRPC_CHANNEL_READY; }

  // `status` in our words; an unreachable scheduler is named with what to do about it.
  Error ErrorFrom(const grpc::Status& status) const;

 private:
  using Clock = std::chrono::steady_clock;
  using QuickCall = std::function<std::optional<grpc::Status>(Clock::time_point deadline)>;
  using UsualCall = std::function<grpc::Status(grpc::ClientContext*)>;

  explicit Client(Address address) : address_(std::move(address)) {}
  void StartGrpc();
  // Nothing: this call is for gRPC.
  std::optional<grpc::Status> CallQuickly(std::string_view method,
                                          const google::protobuf::MessageLite& request,
                                          google::protobuf::MessageLite* reply, Clock::time_point deadline);
  grpc::Status CallUsually(const UsualCall& usual, Clock::time_point deadline);
  // Whether there is, or was in the newest call, a connection to the scheduler.
  bool Reached() const { return reached_ || Connected(); }
  Status CallFor(const QuickCall& quick, const UsualCall& usual, Repeat repeat,
                 std::chrono::milliseconds patience);
  std::string WhyUnreachable() const;
  // The scheduler refuses a request with text that is no UTF-8 unread, as one that it does not know. It is
  // looked at only then: reflection costs a third of a submit's instructions.
  static Status Explained(const google::protobuf::Message& request, Status said) {
    if (!said) BSUB_RETURN_IF_ERROR(CheckTexts(request));
    return said;
  }

  Address address_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<api::Scheduler::Stub> stub_;
  int quick_calls_left_ = 2;       // then a connection that stays is worth its start
  bool reached_ = false;           // by the newest call that was quick
  bool may_have_arrived_ = false;  // of the newest Call
};

// The exit code that belongs to an error; docs/cli.md, "Exit codes".
int ExitCodeOf(const Error& error);

// "bsub-lite wait: no job 7" on `err`; returns ExitCodeOf.
int Fail(Context& context, std::string_view command, const Error& error);

}  // namespace bsub::cli
