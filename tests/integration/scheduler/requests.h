// Short ways to say what tests say often to the scheduler.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/bsub/v1/scheduler.grpc.pb.h"

namespace bsub::testing {

inline v1::SubmitRequest Command(const std::vector<std::string>& argv) {
  v1::SubmitRequest request;
  request.set_protocol(1);
  request.mutable_command()->mutable_argv()->Assign(argv.begin(), argv.end());
  request.set_working_directory("/tmp");
  request.mutable_environment()->add_variables("B=2");
  request.mutable_environment()->add_variables("A=1");
  return request;
}

inline grpc::Status SubmitTo(v1::Scheduler::Stub& client, const v1::SubmitRequest& request,
                             v1::SubmitReply* reply) {
  grpc::ClientContext context;
  return client.Submit(&context, request, reply);
}

inline v1::SubmitReply SubmitOk(v1::Scheduler::Stub& client, const v1::SubmitRequest& request) {
  v1::SubmitReply reply;
  const grpc::Status status = SubmitTo(client, request, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return reply;
}

// The refusal's message; fails if there is none.
inline std::string SubmitRefused(v1::Scheduler::Stub& client, const v1::SubmitRequest& request) {
  v1::SubmitReply reply;
  const grpc::Status status = SubmitTo(client, request, &reply);
  EXPECT_FALSE(status.ok()) << "accepted as job " << reply.job_id();
  return status.error_message();
}

inline v1::Job GetJobOk(v1::Scheduler::Stub& client, const std::string& target) {
  grpc::ClientContext context;
  v1::GetJobRequest request;
  request.set_target(target);
  v1::Job job;
  const grpc::Status status = client.GetJob(&context, request, &job);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return job;
}

// The last reply of a wait.
inline v1::WaitReply WaitFor(v1::Scheduler::Stub& client, const std::vector<std::string>& targets) {
  grpc::ClientContext context;
  v1::WaitRequest request;
  request.mutable_targets()->Assign(targets.begin(), targets.end());
  const auto stream = client.Wait(&context, request);
  v1::WaitReply reply, last;
  while (stream->Read(&reply)) last = reply;
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(last.over());
  return last;
}

inline v1::ControlReply Control(v1::Scheduler::Stub& client, v1::Action action,
                                const std::vector<std::string>& targets) {
  grpc::ClientContext context;
  v1::ControlRequest request;
  request.set_action(action);
  request.mutable_targets()->Assign(targets.begin(), targets.end());
  v1::ControlReply reply;
  const grpc::Status status = client.Control(&context, request, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return reply;
}

inline std::vector<v1::Job> ListJobs(v1::Scheduler::Stub& client, const v1::ListJobsRequest& request) {
  grpc::ClientContext context;
  const auto stream = client.ListJobs(&context, request);
  std::vector<v1::Job> jobs;
  for (v1::Job job; stream->Read(&job);) jobs.push_back(job);
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return jobs;
}

}  // namespace bsub::testing
