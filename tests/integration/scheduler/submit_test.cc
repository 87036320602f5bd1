// Submitting: what is accepted, what is refused and how, and that a repeated submit makes no second job.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/integration/scheduler/requests.h"
#include "tests/integration/scheduler/test_cluster.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;

TEST(Submit, RepeatedTokenReturnsTheFirstId) {
  TestCluster cluster;
  const auto client = cluster.Client();
  v1::SubmitRequest request = Command({"true"});
  request.set_token(std::string(16, 'x'));
  const v1::SubmitReply first = SubmitOk(*client, request);
  const v1::SubmitReply again = SubmitOk(*client, request);
  EXPECT_FALSE(first.repeated());
  EXPECT_TRUE(again.repeated());
  EXPECT_EQ(first.job_id(), again.job_id());
}

TEST(Submit, RefusalsAreOneLineAndNameTheField) {
  TestCluster cluster;
  const auto client = cluster.Client();
  v1::SubmitRequest queue = Command({"true"}), huge = Command({"true"}), protocol = Command({"true"}),
                    cycle = Command({"true"});
  queue.set_queue("defualt");
  for (int i = 0; i < 10; ++i) huge.mutable_command()->add_argv(std::string(std::size_t{1} << 20, 'x'));
  protocol.set_protocol(7);
  cycle.set_dependency("done(1)");
  EXPECT_THAT(SubmitRefused(*client, queue), HasSubstr("did you mean 'default'?"));
  EXPECT_THAT(SubmitRefused(*client, huge), HasSubstr("command: the arguments take 10.0 MiB"));
  EXPECT_THAT(SubmitRefused(*client, protocol), HasSubstr("speaks protocol 7"));
  EXPECT_THAT(SubmitRefused(*client, cycle), HasSubstr("done(1)"));  // itself, had it been accepted
  EXPECT_EQ(SubmitOk(*client, Command({"true"})).job_id(), 1u);
}

TEST(Submit, AStreamAnswersEachRequestOnItsOwn) {
  TestCluster cluster;
  const auto client = cluster.Client();
  grpc::ClientContext context;
  const auto stream = client->SubmitStream(&context);
  constexpr std::uint64_t kJobs = 3000;  // more than may be in flight
  std::thread writer([&stream] {
    for (std::uint64_t tag = 1; tag <= kJobs; ++tag) {
      v1::SubmitRequest request = Command({"true"});
      request.set_tag(tag);
      if (tag % 1000 == 0) request.set_queue("nowhere");
      stream->Write(request);
    }
    stream->WritesDone();
  });
  std::set<std::uint64_t> tags, ids;
  std::size_t refused = 0;
  for (v1::SubmitReply reply; stream->Read(&reply);) {
    tags.insert(reply.tag());
    if (reply.error_code() == 0) ids.insert(reply.job_id());
    refused += reply.error_code() != 0 ? 1 : 0;
  }
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(tags.size(), kJobs);
  EXPECT_EQ(refused, 3u);
  EXPECT_EQ(ids.size(), kJobs - 3);
}

TEST(Submit, ByDefinition) {
  TestCluster cluster;
  const auto client = cluster.Client();
  v1::RegisterDefinitionRequest registration;
  registration.mutable_definition()->set_name("greet");
  registration.mutable_definition()->add_command("echo");
  registration.mutable_definition()->add_command("Ref::whom");
  (*registration.mutable_definition()->mutable_parameters())["whom"] = "nobody";
  v1::RegisterDefinitionReply registered;
  grpc::ClientContext context;
  ASSERT_TRUE(client->RegisterDefinition(&context, registration, &registered).ok());
  EXPECT_EQ(registered.revision(), 1);

  v1::SubmitRequest request = Command({});
  request.set_definition("greet");
  (*request.mutable_parameters())["whom"] = "world";
  const v1::SubmitReply reply = SubmitOk(*client, request);
  const v1::Job job = GetJobOk(*client, std::to_string(reply.job_id()));
  EXPECT_THAT(job.command(), ::testing::ElementsAre("echo", "world"));
  EXPECT_EQ(job.definition(), "greet:1");

  request.set_definition("greeet");
  EXPECT_THAT(SubmitRefused(*client, request), HasSubstr("did you mean 'greet'?"));
}

// So a client needs to know nothing of the definition.
TEST(Submit, WhatIsNotGivenComesFromTheDefinition) {
  TestCluster cluster;
  const auto client = cluster.Client();
  v1::RegisterDefinitionRequest registration;
  v1::Definition& definition = *registration.mutable_definition();
  definition.set_name("big");
  definition.add_command("true");
  definition.set_working_directory("/data");
  definition.mutable_resources()->set_cpu_milli(2000);
  definition.mutable_resources()->set_gpus(1);
  v1::RegisterDefinitionReply registered;
  grpc::ClientContext context;
  ASSERT_TRUE(client->RegisterDefinition(&context, registration, &registered).ok());

  v1::SubmitRequest request = Command({});
  request.set_definition("big");
  request.set_working_directory_by_default(true);
  request.mutable_resources()->set_mem_bytes(5);
  request.mutable_resources()->set_gpus(0);
  const v1::Job job = GetJobOk(*client, std::to_string(SubmitOk(*client, request).job_id()));
  EXPECT_EQ(job.resources().cpu_milli(), 2000);
  EXPECT_EQ(job.resources().mem_bytes(), 5);
  EXPECT_EQ(job.resources().gpus(), 0);
  EXPECT_EQ(job.working_directory(), "/data");
  request.set_working_directory_by_default(false);
  EXPECT_EQ(GetJobOk(*client, std::to_string(SubmitOk(*client, request).job_id())).working_directory(),
            "/tmp");
}

TEST(Definitions, AreHeldToTheLimitsOfASubmitAndListedInPages) {
  ClusterOptions options;
  options.rpc.max_argument_bytes = 100;
  options.rpc.list_page_bytes = 1;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  const auto add = [&](const std::string& name, const std::string& word) {
    v1::RegisterDefinitionRequest request;
    request.mutable_definition()->set_name(name);
    request.mutable_definition()->add_command(word);
    v1::RegisterDefinitionReply reply;
    grpc::ClientContext context;
    return client->RegisterDefinition(&context, request, &reply);
  };
  EXPECT_THAT(add("b", std::string(101, 'x')).error_message(), HasSubstr("command argument 0: 101 bytes"));
  for (const char* name : {"b", "a", "b"}) ASSERT_TRUE(add(name, "run\xe9").ok());
  std::vector<std::string> listed;
  v1::ListDefinitionsRequest request;
  do {
    v1::ListDefinitionsReply reply;
    grpc::ClientContext context;
    ASSERT_TRUE(client->ListDefinitions(&context, request, &reply).ok());
    ASSERT_EQ(reply.definitions_size(), 1) << "a page is full with the first";
    EXPECT_EQ(reply.definitions(0).command(0), "run\xe9");
    listed.push_back(reply.definitions(0).name() + ":" + std::to_string(reply.definitions(0).revision()));
    request.set_after(reply.next());
  } while (!request.after().empty());
  EXPECT_THAT(listed, ::testing::ElementsAre("a:1", "b:1", "b:2"));
}

TEST(Submit, AFullQueueIsPlain) {
  ClusterOptions options;
  options.core.max_waiting_per_user = 10;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  v1::SubmitRequest request = Command({"true"});
  request.set_array("1-11");
  EXPECT_THAT(SubmitRefused(*client, request), HasSubstr("the limit of 10"));
}

}  // namespace
}  // namespace bsub::testing
