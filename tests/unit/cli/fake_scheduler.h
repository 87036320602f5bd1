// A scheduler that answers as the test says, on a Unix socket in a home of its own. It keeps the requests it
// got.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/bsub/v1/scheduler.grpc.pb.h"
#include "cli/supervisor/files.h"
#include "tests/unit/cli/run_cli.h"
#include "tests/unit/cli/temporary_directory.h"

namespace bsub::cli {

template <typename Request, typename Reply>
struct FakeCall {
  std::function<grpc::Status(const Request&, Reply&)> answer;
  std::vector<Request> requests;
};

template <typename Request, typename Message>
struct FakeStream {
  std::function<grpc::Status(const Request&, grpc::ServerWriter<Message>&, grpc::ServerContext&)> answer;
  std::vector<Request> requests;
};

class FakeScheduler final : public bsub::v1::Scheduler::Service {
 public:
  // `folder`: below the temporary directory, for long paths.
  explicit FakeScheduler(const std::string& folder = "home");
  ~FakeScheduler() override { Stop(); }

  void Start();
  void Stop();  // as if the process had died: streams break, the socket stays
  const std::string& home() const { return home_; }

  // From now on there is no supervisor that would restart it.
  void Abandon() { supervisor_.reset(); }

  // A command line that finds this scheduler.
  CliRun Cli() const;

  FakeCall<v1::SubmitRequest, v1::SubmitReply> submit;
  FakeCall<v1::TrySubmitRequest, v1::TrySubmitReply> try_submit;
  FakeCall<v1::ControlRequest, v1::ControlReply> control;
  FakeCall<v1::GetJobRequest, v1::Job> get_job;
  FakeCall<v1::WhyRequest, v1::WhyReply> why;
  FakeCall<v1::ListQueuesRequest, v1::ListQueuesReply> list_queues;
  FakeCall<v1::SetQueueRequest, v1::Empty> set_queue;
  FakeCall<v1::ListReservationsRequest, v1::ListReservationsReply> list_reservations;
  FakeCall<v1::CreateReservationRequest, v1::Empty> create_reservation;
  FakeCall<v1::DeleteReservationRequest, v1::Empty> delete_reservation;
  FakeCall<v1::DeleteQueueRequest, v1::Empty> delete_queue;
  FakeCall<v1::ListNodesRequest, v1::ListNodesReply> list_nodes;
  FakeCall<v1::SetNodeRequest, v1::Empty> set_node;
  FakeCall<v1::RegisterDefinitionRequest, v1::RegisterDefinitionReply> register_definition;
  FakeCall<v1::DeregisterDefinitionRequest, v1::Empty> deregister_definition;
  FakeCall<v1::ListDefinitionsRequest, v1::ListDefinitionsReply> list_definitions;
  FakeCall<v1::StatusRequest, v1::StatusReply> status;
  FakeStream<v1::ListJobsRequest, v1::Job> list_jobs;
  FakeStream<v1::WaitRequest, v1::WaitReply> wait;
  FakeStream<v1::EventsRequest, v1::Event> events;
  FakeStream<v1::LogsRequest, v1::LogChunk> logs;

 private:
  template <typename Request, typename Reply>
  grpc::Status Answer(FakeCall<Request, Reply>& call, const Request* request, Reply* reply) {
    {
      const std::lock_guard lock(mutex_);
      call.requests.push_back(*request);
    }
    return call.answer ? call.answer(*request, *reply) : grpc::Status::OK;
  }
  template <typename Request, typename Message>
  grpc::Status Write(FakeStream<Request, Message>& call, const Request* request,
                     grpc::ServerWriter<Message>* writer, grpc::ServerContext* context) {
    {
      const std::lock_guard lock(mutex_);
      call.requests.push_back(*request);
    }
    return call.answer ? call.answer(*request, *writer, *context) : grpc::Status::OK;
  }

#define BSUB_FAKE_CALL(Name, Request, Reply, member)                                               \
  grpc::Status Name(grpc::ServerContext*, const v1::Request* request, v1::Reply* reply) override { \
    return Answer(member, request, reply);                                                         \
  }
#define BSUB_FAKE_STREAM(Name, Request, Message, member)                      \
  grpc::Status Name(grpc::ServerContext* context, const v1::Request* request, \
                    grpc::ServerWriter<v1::Message>* writer) override {       \
    return Write(member, request, writer, context);                           \
  }
  BSUB_FAKE_CALL(Submit, SubmitRequest, SubmitReply, submit)
  BSUB_FAKE_CALL(TrySubmit, TrySubmitRequest, TrySubmitReply, try_submit)
  BSUB_FAKE_CALL(Control, ControlRequest, ControlReply, control)
  BSUB_FAKE_CALL(GetJob, GetJobRequest, Job, get_job)
  BSUB_FAKE_CALL(Why, WhyRequest, WhyReply, why)
  BSUB_FAKE_CALL(ListQueues, ListQueuesRequest, ListQueuesReply, list_queues)
  BSUB_FAKE_CALL(SetQueue, SetQueueRequest, Empty, set_queue)
  BSUB_FAKE_CALL(DeleteQueue, DeleteQueueRequest, Empty, delete_queue)
  BSUB_FAKE_CALL(ListReservations, ListReservationsRequest, ListReservationsReply, list_reservations)
  BSUB_FAKE_CALL(CreateReservation, CreateReservationRequest, Empty, create_reservation)
  BSUB_FAKE_CALL(DeleteReservation, DeleteReservationRequest, Empty, delete_reservation)
  BSUB_FAKE_CALL(ListNodes, ListNodesRequest, ListNodesReply, list_nodes)
  BSUB_FAKE_CALL(SetNode, SetNodeRequest, Empty, set_node)
  BSUB_FAKE_CALL(RegisterDefinition, RegisterDefinitionRequest, RegisterDefinitionReply, register_definition)
  BSUB_FAKE_CALL(DeregisterDefinition, DeregisterDefinitionRequest, Empty, deregister_definition)
  BSUB_FAKE_CALL(ListDefinitions, ListDefinitionsRequest, ListDefinitionsReply, list_definitions)
  BSUB_FAKE_CALL(Status, StatusRequest, StatusReply, status)
  BSUB_FAKE_STREAM(ListJobs, ListJobsRequest, Job, list_jobs)
  BSUB_FAKE_STREAM(Wait, WaitRequest, WaitReply, wait)
  BSUB_FAKE_STREAM(Events, EventsRequest, Event, events)
  BSUB_FAKE_STREAM(Logs, LogsRequest, LogChunk, logs)
#undef BSUB_FAKE_CALL
#undef BSUB_FAKE_STREAM

  TemporaryDirectory directory_;
  std::string home_;
  std::optional<LockFile> supervisor_;
  std::unique_ptr<grpc::Server> server_;
  std::mutex mutex_;
};

}  // namespace bsub::cli
