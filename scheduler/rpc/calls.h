// The handlers, one file per group: what a call does once it is known who makes it.
//
// `Done` and the stream ends are called exactly once, on any thread, and carry every refusal.
#pragma once

#include <functional>
#include <memory>

#include "api/bsub/v1/scheduler.grpc.pb.h"
#include "common/result.h"
#include "scheduler/rpc/identity.h"
#include "scheduler/rpc/services.h"

namespace bsub::rpc {

using Done = std::function<void(Status)>;

// submit_calls.cc
void Submit(const Services& services, const Identity& who, v1::SubmitRequest request,
            std::function<void(Result<v1::SubmitReply>)> done);
void TrySubmit(const Services& services, const Identity& who, const v1::TrySubmitRequest& request,
               v1::TrySubmitReply& reply, Done done);
grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitReply>* OpenSubmitStream(const Services& services,
                                                                              Identity who);

// control_calls.cc
void Control(const Services& services, const Identity& who, const v1::ControlRequest& request,
             v1::ControlReply& reply, Done done);

// list_calls.cc, job_calls.cc
grpc::ServerWriteReactor<v1::Job>* ListJobs(const Services& services, const Identity& who,
                                            const v1::ListJobsRequest& request);
void GetJob(const Services& services, const v1::GetJobRequest& request, v1::Job& reply, Done done);
void When(const Services& services, const v1::WhenRequest& request, v1::WhenReply& reply, Done done);
void Why(const Services& services, const v1::WhyRequest& request, v1::WhyReply& reply, Done done);

// wait_calls.cc, event_calls.cc, log_calls.cc
grpc::ServerWriteReactor<v1::WaitReply>* Wait(const Services& services, const v1::WaitRequest& request);
grpc::ServerWriteReactor<v1::Event>* Events(const Services& services, const v1::EventsRequest& request);
grpc::ServerWriteReactor<v1::LogChunk>* Logs(const Services& services, const Identity& who,
                                             const v1::LogsRequest& request);

// cluster_calls.cc
void ListQueues(const Services& services, v1::ListQueuesReply& reply, Done done);
void SetQueue(const Services& services, const Identity& who, const v1::SetQueueRequest& request, Done done);
void DeleteQueue(const Services& services, const Identity& who, const v1::DeleteQueueRequest& request,
                 Done done);
// reservation_calls.cc
void ListReservations(const Services& services, v1::ListReservationsReply& reply, Done done);
void CreateReservation(const Services& services, const Identity& who,
                       const v1::CreateReservationRequest& request, Done done);
void DeleteReservation(const Services& services, const Identity& who,
                       const v1::DeleteReservationRequest& request, Done done);
// cluster_calls.cc
void ListEnvironments(const Services& services, v1::ListEnvironmentsReply& reply, Done done);
void ListNodes(const Services& services, v1::ListNodesReply& reply, Done done);
void SetNode(const Services& services, const Identity& who, const v1::SetNodeRequest& request, Done done);
void RegisterDefinition(const Services& services, const Identity& who,
                        const v1::RegisterDefinitionRequest& request, v1::RegisterDefinitionReply& reply,
                        Done done);
void DeregisterDefinition(const Services& services, const Identity& who,
                          const v1::DeregisterDefinitionRequest& request, Done done);
void ListDefinitions(const Services& services, const v1::ListDefinitionsRequest& request,
                     v1::ListDefinitionsReply& reply, Done done);
void GetStatus(const Services& services, v1::StatusReply& reply, Done done);
void ShutDown(const Services& services, const Identity& who, const v1::ShutDownRequest& request, Done done);

}  // namespace bsub::rpc
