// A client for access_test, run as another user: submits a job, and tries what only its owner or an
// administrator may. Exit 0: everything went as it should.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <string>

#include "api/bsub/v1/scheduler.grpc.pb.h"
#include "api/bsub/v1/worker.grpc.pb.h"

namespace {

int Fail(const char* what, const grpc::Status& status) {
  std::fprintf(stderr, "%s: %s\n", what, status.error_message().c_str());
  return 1;
}

bool Denied(const grpc::Status& status) { return status.error_code() == grpc::StatusCode::PERMISSION_DENIED; }

int Run(const std::string& socket) {
  const auto channel = grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials());
  const auto client = bsub::v1::Scheduler::NewStub(channel);
  bsub::v1::SubmitRequest submit;
  submit.set_protocol(1);
  submit.set_working_directory("/");
  submit.mutable_command()->add_argv("true");
  bsub::v1::SubmitReply submitted;
  grpc::ClientContext submit_context, shut_down_context, control_context, node_context;
  if (const grpc::Status status = client->Submit(&submit_context, submit, &submitted); !status.ok())
    return Fail("submit", status);

  bsub::v1::Empty empty;
  if (const grpc::Status status = client->ShutDown(&shut_down_context, {}, &empty); !Denied(status))
    return Fail("shut down", status);

  bsub::v1::ControlRequest cancel;
  cancel.set_action(bsub::v1::CANCEL);
  cancel.add_targets("1");  // root's
  bsub::v1::ControlReply results;
  const grpc::Status controlled = client->Control(&control_context, cancel, &results);
  if (!controlled.ok() || results.results(0).error_code() != grpc::StatusCode::PERMISSION_DENIED)
    return Fail("cancel", controlled);

  const auto worker = bsub::v1::Worker::NewStub(channel);
  const auto stream = worker->Connect(&node_context);
  bsub::v1::ToNode message;
  const bool refused = stream->Read(&message) && message.has_refused() && message.refused().final();
  const grpc::Status status = stream->Finish();
  return refused && Denied(status) ? 0 : Fail("connect as a node", status);
}

}  // namespace

int main(int argc, char** argv) { return argc == 2 ? Run(argv[1]) : 2; }
