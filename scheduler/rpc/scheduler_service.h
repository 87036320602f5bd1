// The wire's Scheduler service: finds out who calls and hands over to the handlers in calls.h.
#pragma once

#include <memory>
#include <string_view>

#include "api/bsub/v1/scheduler.grpc.pb.h"
#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/identity.h"
#include "scheduler/rpc/services.h"

namespace bsub::rpc {

class SchedulerService final : public v1::Scheduler::CallbackService {
 public:
  SchedulerService(const Services& services, std::shared_ptr<const Identifier> identifier)
      : services_(services), identifier_(std::move(identifier)) {}

 private:
  using Context = grpc::CallbackServerContext;
  template <typename Message>
  using Writer = grpc::ServerWriteReactor<Message>*;
  using Unary = grpc::ServerUnaryReactor*;

  Unary Submit(Context* context, const v1::SubmitRequest* request, v1::SubmitReply* reply) override;
  grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitReply>* SubmitStream(Context* context) override;
  Unary TrySubmit(Context* context, const v1::TrySubmitRequest* request, v1::TrySubmitReply* reply) override;
  Unary Control(Context* context, const v1::ControlRequest* request, v1::ControlReply* reply) override;
  Writer<v1::Job> ListJobs(Context* context, const v1::ListJobsRequest* request) override;
  Unary GetJob(Context* context, const v1::GetJobRequest* request, v1::Job* reply) override;
  Unary When(Context* context, const v1::WhenRequest* request, v1::WhenReply* reply) override;
  Unary Why(Context* context, const v1::WhyRequest* request, v1::WhyReply* reply) override;
  Writer<v1::WaitReply> Wait(Context* context, const v1::WaitRequest* request) override;
  Writer<v1::Event> Events(Context* context, const v1::EventsRequest* request) override;
  Writer<v1::LogChunk> Logs(Context* context, const v1::LogsRequest* request) override;
  Unary ListQueues(Context* context, const v1::ListQueuesRequest* request,
                   v1::ListQueuesReply* reply) override;
  Unary SetQueue(Context* context, const v1::SetQueueRequest* request, v1::Empty* reply) override;
  Unary DeleteQueue(Context* context, const v1::DeleteQueueRequest* request, v1::Empty* reply) override;
  Unary ListReservations(Context* context, const v1::ListReservationsRequest* request,
                         v1::ListReservationsReply* reply) override;
  Unary CreateReservation(Context* context, const v1::CreateReservationRequest* request,
                          v1::Empty* reply) override;
  Unary DeleteReservation(Context* context, const v1::DeleteReservationRequest* request,
                          v1::Empty* reply) override;
  Unary ListNodes(Context* context, const v1::ListNodesRequest* request, v1::ListNodesReply* reply) override;
  Unary SetNode(Context* context, const v1::SetNodeRequest* request, v1::Empty* reply) override;
  Unary ListEnvironments(Context* context, const v1::ListEnvironmentsRequest* request,
                         v1::ListEnvironmentsReply* reply) override;
  Unary RegisterDefinition(Context* context, const v1::RegisterDefinitionRequest* request,
                           v1::RegisterDefinitionReply* reply) override;
  Unary DeregisterDefinition(Context* context, const v1::DeregisterDefinitionRequest* request,
                             v1::Empty* reply) override;
  Unary ListDefinitions(Context* context, const v1::ListDefinitionsRequest* request,
                        v1::ListDefinitionsReply* reply) override;
  Unary Status(Context* context, const v1::StatusRequest* request, v1::StatusReply* reply) override;
  Unary ShutDown(Context* context, const v1::ShutDownRequest* request, v1::Empty* reply) override;

  // Runs `call(who, done)` for a caller that proved who it is and may call `method` (method_verbs.h).
  template <typename Call>
  Unary Answer(Context* context, std::string_view method, Call call);
  template <typename Message, typename Call>
  Writer<Message> Stream(Context* context, std::string_view method, Call call);
  Result<Identity> Who(Context* context, std::string_view method) const;

  const Services& services_;
  const std::shared_ptr<const Identifier> identifier_;
};

}  // namespace bsub::rpc
