// Every method of the wire has its verb: a new one that is forgotten here fails, and is denied to everybody
// until then.
#include "scheduler/rpc/method_verbs.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "api/bsub/v1/scheduler.grpc.pb.h"
#include "api/bsub/v1/worker.grpc.pb.h"

namespace bsub::rpc {
namespace {

// "Scheduler.Submit", … of all services in the files that the scheduler serves.
std::set<std::string> MethodsOfTheWire() {
  std::set<std::string> names;
  for (const auto* file : {v1::SubmitRequest::descriptor()->file(), v1::Hello::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      const auto* service = file->service(s);
      for (int m = 0; m < service->method_count(); ++m)
        names.insert(service->name() + "." + service->method(m)->name());
    }
  }
  return names;
}

TEST(MethodVerbs, EveryMethodHasOne) {
  const std::set<std::string> methods = MethodsOfTheWire();
  EXPECT_EQ(methods.count("Scheduler.Submit") + methods.count("Worker.Connect"), 2u);
  for (const std::string& method : methods) EXPECT_TRUE(VerbOfMethod(method)) << method << " has no verb";
}

// The command line tells a call's method by the type of its request (cli/client.h).
TEST(MethodVerbs, EachUnaryCallOfClientsHasARequestOfItsName) {
  const auto* file = v1::SubmitRequest::descriptor()->file();
  int unary = 0;
  for (int i = 0; i < file->service(0)->method_count(); ++i) {
    const auto* method = file->service(0)->method(i);
    if (method->client_streaming() || method->server_streaming()) continue;
    EXPECT_EQ(method->input_type()->full_name(), "bsub.v1." + method->name() + "Request");
    EXPECT_EQ(method->full_name(), "bsub.v1.Scheduler." + method->name());
    ++unary;
  }
  EXPECT_GT(unary, 10);
}

TEST(MethodVerbs, WhatIsNotListedHasNone) {
  EXPECT_FALSE(VerbOfMethod("Scheduler.FormatDisk"));
  EXPECT_FALSE(VerbOfMethod("Submit"));
  EXPECT_FALSE(VerbOfMethod(""));
}

TEST(MethodVerbs, NoUnlistedMethodIsAdmitted) {
  grpc::ServerContext context;
  const FixedIdentifier root(Identity{.principal = {.uid = 0, .name = "root"}});
  EXPECT_TRUE(Admit(root, {}, context, "Scheduler.ShutDown"));
  const auto refused = Admit(root, {}, context, "Scheduler.FormatDisk");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kPermissionDenied);
}

}  // namespace
}  // namespace bsub::rpc
