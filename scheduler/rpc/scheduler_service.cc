#include "scheduler/rpc/scheduler_service.h"

#include <utility>

#include "scheduler/rpc/method_verbs.h"
#include "scheduler/rpc/status_table.h"

namespace bsub::rpc {
namespace {

template <typename Message>
class RefusedStream final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit RefusedStream(const Error& error) { this->Finish(ToGrpc(error)); }
  void OnDone() override { delete this; }
};

class RefusedSubmits final : public grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitReply> {
 public:
  explicit RefusedSubmits(const Error& error) { Finish(ToGrpc(error)); }
  void OnDone() override { delete this; }
};

}  // namespace

Result<Identity> SchedulerService::Who(Context* context, std::string_view method) const {
  return Admit(*identifier_, services_.policy, *context, method);
}

template <typename Call>
SchedulerService::Unary SchedulerService::Answer(Context* context, std::string_view method, Call call) {
  Unary reactor = context->DefaultReactor();
  const auto who = Who(context, method);
  if (!who) {
    reactor->Finish(ToGrpc(who.error()));
  } else {
    call(*who, [reactor](const bsub::Status& status) { reactor->Finish(ToGrpc(status)); });
  }
  return reactor;
}

template <typename Message, typename Call>
SchedulerService::Writer<Message> SchedulerService::Stream(Context* context, std::string_view method,
                                                           Call call) {
  const auto who = Who(context, method);
  if (!who) return new RefusedStream<Message>(who.error());
  return call(*who);
}

SchedulerService::Unary SchedulerService::Submit(Context* context, const v1::SubmitRequest* request,
                                                 v1::SubmitReply* reply) {
  return Answer(context, "Scheduler.Submit", [&](const Identity& who, Done done) {
    rpc::Submit(services_, who, *request, [reply, done = std::move(done)](Result<v1::SubmitReply> result) {
      if (!result) return done(result.error());
      *reply = std::move(*result);
      done(OkStatus());
    });
  });
}

SchedulerService::Unary SchedulerService::TrySubmit(Context* context, const v1::TrySubmitRequest* request,
                                                    v1::TrySubmitReply* reply) {
  return Answer(context, "Scheduler.TrySubmit", [&](const Identity& who, Done done) {
    rpc::TrySubmit(services_, who, *request, *reply, std::move(done));
  });
}

grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitReply>* SchedulerService::SubmitStream(
    Context* context) {
  auto who = Who(context, "Scheduler.SubmitStream");
  if (!who) return new RefusedSubmits(who.error());
  return OpenSubmitStream(services_, std::move(*who));
}

SchedulerService::Unary SchedulerService::Control(Context* context, const v1::ControlRequest* request,
                                                  v1::ControlReply* reply) {
  return Answer(context, "Scheduler.Control", [&](const Identity& who, Done done) {
    rpc::Control(services_, who, *request, *reply, std::move(done));
  });
}

SchedulerService::Writer<v1::Job> SchedulerService::ListJobs(Context* context,
                                                             const v1::ListJobsRequest* request) {
  return Stream<v1::Job>(context, "Scheduler.ListJobs",
                         [&](const Identity& who) { return rpc::ListJobs(services_, who, *request); });
}

SchedulerService::Unary SchedulerService::GetJob(Context* context, const v1::GetJobRequest* request,
                                                 v1::Job* reply) {
  return Answer(context, "Scheduler.GetJob", [&](const Identity&, Done done) {
    rpc::GetJob(services_, *request, *reply, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::When(Context* context, const v1::WhenRequest* request,
                                               v1::WhenReply* reply) {
  return Answer(context, "Scheduler.When",
                [&](const Identity&, Done done) { rpc::When(services_, *request, *reply, std::move(done)); });
}

SchedulerService::Unary SchedulerService::Why(Context* context, const v1::WhyRequest* request,
                                              v1::WhyReply* reply) {
  return Answer(context, "Scheduler.Why",
                [&](const Identity&, Done done) { rpc::Why(services_, *request, *reply, std::move(done)); });
}

SchedulerService::Writer<v1::WaitReply> SchedulerService::Wait(Context* context,
                                                               const v1::WaitRequest* request) {
  return Stream<v1::WaitReply>(context, "Scheduler.Wait",
                               [&](const Identity&) { return rpc::Wait(services_, *request); });
}

SchedulerService::Writer<v1::Event> SchedulerService::Events(Context* context,
                                                             const v1::EventsRequest* request) {
  return Stream<v1::Event>(context, "Scheduler.Events",
                           [&](const Identity&) { return rpc::Events(services_, *request); });
}

SchedulerService::Writer<v1::LogChunk> SchedulerService::Logs(Context* context,
                                                              const v1::LogsRequest* request) {
  return Stream<v1::LogChunk>(context, "Scheduler.Logs",
                              [&](const Identity& who) { return rpc::Logs(services_, who, *request); });
}

SchedulerService::Unary SchedulerService::ListQueues(Context* context, const v1::ListQueuesRequest*,
                                                     v1::ListQueuesReply* reply) {
  return Answer(context, "Scheduler.ListQueues",
                [&](const Identity&, Done done) { rpc::ListQueues(services_, *reply, std::move(done)); });
}

SchedulerService::Unary SchedulerService::SetQueue(Context* context, const v1::SetQueueRequest* request,
                                                   v1::Empty*) {
  return Answer(context, "Scheduler.SetQueue", [&](const Identity& who, Done done) {
    rpc::SetQueue(services_, who, *request, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::DeleteQueue(Context* context, const v1::DeleteQueueRequest* request,
                                                      v1::Empty*) {
  return Answer(context, "Scheduler.DeleteQueue", [&](const Identity& who, Done done) {
    rpc::DeleteQueue(services_, who, *request, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::ListReservations(Context* context,
                                                           const v1::ListReservationsRequest*,
                                                           v1::ListReservationsReply* reply) {
  return Answer(context, "Scheduler.ListReservations", [&](const Identity&, Done done) {
    rpc::ListReservations(services_, *reply, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::CreateReservation(Context* context,
                                                            const v1::CreateReservationRequest* request,
                                                            v1::Empty*) {
  return Answer(context, "Scheduler.CreateReservation", [&](const Identity& who, Done done) {
    rpc::CreateReservation(services_, who, *request, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::DeleteReservation(Context* context,
                                                            const v1::DeleteReservationRequest* request,
                                                            v1::Empty*) {
  return Answer(context, "Scheduler.DeleteReservation", [&](const Identity& who, Done done) {
    rpc::DeleteReservation(services_, who, *request, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::ListNodes(Context* context, const v1::ListNodesRequest*,
                                                    v1::ListNodesReply* reply) {
  return Answer(context, "Scheduler.ListNodes",
                [&](const Identity&, Done done) { rpc::ListNodes(services_, *reply, std::move(done)); });
}

SchedulerService::Unary SchedulerService::ListEnvironments(Context* context,
                                                           const v1::ListEnvironmentsRequest*,
                                                           v1::ListEnvironmentsReply* reply) {
  return Answer(context, "Scheduler.ListEnvironments", [&](const Identity&, Done done) {
    rpc::ListEnvironments(services_, *reply, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::SetNode(Context* context, const v1::SetNodeRequest* request,
                                                  v1::Empty*) {
  return Answer(context, "Scheduler.SetNode", [&](const Identity& who, Done done) {
    rpc::SetNode(services_, who, *request, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::RegisterDefinition(Context* context,
                                                             const v1::RegisterDefinitionRequest* request,
                                                             v1::RegisterDefinitionReply* reply) {
  return Answer(context, "Scheduler.RegisterDefinition", [&](const Identity& who, Done done) {
    rpc::RegisterDefinition(services_, who, *request, *reply, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::DeregisterDefinition(Context* context,
                                                               const v1::DeregisterDefinitionRequest* request,
                                                               v1::Empty*) {
  return Answer(context, "Scheduler.DeregisterDefinition", [&](const Identity& who, Done done) {
    rpc::DeregisterDefinition(services_, who, *request, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::ListDefinitions(Context* context,
                                                          const v1::ListDefinitionsRequest* request,
                                                          v1::ListDefinitionsReply* reply) {
  return Answer(context, "Scheduler.ListDefinitions", [&](const Identity&, Done done) {
    rpc::ListDefinitions(services_, *request, *reply, std::move(done));
  });
}

SchedulerService::Unary SchedulerService::Status(Context* context, const v1::StatusRequest*,
                                                 v1::StatusReply* reply) {
  return Answer(context, "Scheduler.Status",
                [&](const Identity&, Done done) { rpc::GetStatus(services_, *reply, std::move(done)); });
}

SchedulerService::Unary SchedulerService::ShutDown(Context* context, const v1::ShutDownRequest* request,
                                                   v1::Empty*) {
  return Answer(context, "Scheduler.ShutDown", [&](const Identity& who, Done done) {
    rpc::ShutDown(services_, who, *request, std::move(done));
  });
}

}  // namespace bsub::rpc
