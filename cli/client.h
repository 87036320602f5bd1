// The connection to the scheduler: deadlines, reconnecting, and gRPC's errors in our words.
//
// Every call ends in bounded time even if the scheduler is down, restarts in the middle or hangs. One thread
// per client.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
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

// The scheduler's wire takes text as UTF-8 only. Names the field.
Status CheckTexts(const google::protobuf::Message& request);

class Client {
 public:
  static Result<Client> Make(Address address);

  api::Scheduler::Stub& stub() { return *stub_; }
  const Address& address() const { return address_; }

  // One request, one reply.
  template <typename Request, typename Reply>
  Status Call(grpc::Status (api::Scheduler::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
              const Request& request, Reply* reply, Repeat repeat = Repeat::kYes,
              std::optional<std::chrono::milliseconds> patience = std::nullopt) {
    return Explained(
        request,
        CallFor([&](grpc::ClientContext* context) { return (stub_.get()->*method)(context, request, reply); },
                repeat, patience.value_or(address_.patience)));
  }

  // Sent again when the connection broke, and then said to be so: what the first one did is no error. A
  // requeue is sent once.
  Status Control(api::ControlRequest request, api::ControlReply* reply,
                 std::optional<std::chrono::milliseconds> patience = std::nullopt);

  // A context with this client's credentials that waits for the connection.
  std::unique_ptr<grpc::ClientContext> NewContext() const;

  // After a call failed: whether the scheduler may have got it and acted on it all the same.
  bool MayHaveArrived() const { return may_have_arrived_; }

  bool Connected() const { return channel_->GetState(false) == GRPC_CHANNEL_READY; }

  // `status` in our words; an unreachable scheduler is named with what to do about it.
  Error ErrorFrom(const grpc::Status& status) const;

 private:
  Client(Address address, std::shared_ptr<grpc::Channel> channel);
  Status CallFor(const std::function<grpc::Status(grpc::ClientContext*)>& call, Repeat repeat,
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
  bool may_have_arrived_ = false;  // of the newest Call
};

// The exit code that belongs to an error; docs/cli.md, "Exit codes".
int ExitCodeOf(const Error& error);

// "bsub-lite wait: no job 7" on `err`; returns ExitCodeOf.
int Fail(Context& context, std::string_view command, const Error& error);

}  // namespace bsub::cli
