// Who is at the other end: the kernel's word on the Unix socket, tokens on TCP.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "scheduler/rpc/method_verbs.h"
#include "tests/integration/scheduler/fake_node.h"
#include "tests/integration/scheduler/requests.h"
#include "tests/integration/scheduler/test_cluster.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;

const std::string kAdmin(32, 'a');
const std::string kUser(32, 'u');
const std::string kNode(32, 'n');

class Tokens {
 public:
  Tokens() {
    std::ofstream(path()) << "ops " << kAdmin << " admin\nada " << kUser << " user 1234:1234\nnodes " << kNode
                          << " node\n";
    chmod(path().c_str(), 0600);
  }
  std::string path() const { return directory_.path() + "/tokens"; }
  ClusterOptions Options() const {
    ClusterOptions options;
    options.tcp = rpc::TcpSettings{
        .address = "127.0.0.1:0", .token_file = path(), .tls_certificate_file = "", .tls_key_file = ""};
    return options;
  }

 private:
  TemporaryDirectory directory_;
};

grpc::Status SubmitWith(int port, const std::string& token, v1::SubmitReply* reply) {
  const auto client = v1::Scheduler::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  return client->Submit(&context, Command({"true"}), reply);
}

TEST(Tcp, OnlyWithAToken) {
  const Tokens tokens;
  TestCluster cluster(tokens.Options());
  const int port = cluster.server().tcp_port();
  ASSERT_GT(port, 0);
  v1::SubmitReply reply;
  EXPECT_EQ(SubmitWith(port, "", &reply).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(SubmitWith(port, std::string(32, 'x'), &reply).error_message(), HasSubstr("wrong token"));
  EXPECT_THAT(SubmitWith(port, kNode, &reply).error_message(),
              HasSubstr("the node token nodes may not submit"));
  ASSERT_TRUE(SubmitWith(port, kUser, &reply).ok());
  const v1::Job job = GetJobOk(*cluster.Client(), std::to_string(reply.job_id()));
  EXPECT_EQ(job.owner(), "ada");
  EXPECT_EQ(job.uid(), 1234u);
}

// Any method by its name, with an empty message: only the answer's code matters.
grpc::StatusCode CallMethod(int port, const std::string& path, const std::string& token) {
  const auto channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  grpc::CompletionQueue queue;
  const auto finished = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(&context, path, &queue);
  call->StartCall(nullptr);
  finished();
  const grpc::Slice nothing;
  call->WriteLast(grpc::ByteBuffer(&nothing, 1), grpc::WriteOptions(), nullptr);
  finished();
  grpc::ByteBuffer answer;
  do call->Read(&answer, nullptr);
  while (finished());
  grpc::Status status;
  call->Finish(&status, nullptr);
  finished();
  return status.error_code();
}

// Whatever the wire offers, it is asked of the one table of rights; a method that went round it would answer
// a stranger.
TEST(Tcp, EveryMethodAsksWhoMayCallIt) {
  const Tokens tokens;
  TestCluster cluster(tokens.Options());
  const int port = cluster.server().tcp_port();
  for (const auto* file : {v1::SubmitRequest::descriptor()->file(), v1::Hello::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto& method = *file->service(s)->method(m);
        const std::string path = "/" + method.service()->full_name() + "/" + method.name();
        SCOPED_TRACE(path);
        const auto verb = rpc::VerbOfMethod(method.service()->name() + "." + method.name());
        ASSERT_TRUE(verb);
        EXPECT_EQ(CallMethod(port, path, ""), grpc::StatusCode::UNAUTHENTICATED);
        EXPECT_EQ(CallMethod(port, path, std::string(32, 'x')), grpc::StatusCode::UNAUTHENTICATED);
        if (!Allowed(Role::kNode, *verb)) {
          EXPECT_EQ(CallMethod(port, path, kNode), grpc::StatusCode::PERMISSION_DENIED);
        }
        if (!Allowed(Role::kOwner, *verb)) {
          EXPECT_EQ(CallMethod(port, path, kUser), grpc::StatusCode::PERMISSION_DENIED);
        }
      }
    }
  }
  EXPECT_FALSE(cluster.shut_down());
}

TEST(Tcp, EveryCallOfAClientThatDoesNotFitIsRefused) {
  const Tokens tokens;
  TestCluster cluster(tokens.Options());
  const auto client = v1::Scheduler::NewStub(grpc::CreateChannel(
      "127.0.0.1:" + std::to_string(cluster.server().tcp_port()), grpc::InsecureChannelCredentials()));
  const auto status_with = [&](const std::string& protocol) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + kUser);
    if (!protocol.empty()) context.AddMetadata("bsub-protocol", protocol);
    v1::StatusReply reply;
    return client->Status(&context, {}, &reply);
  };
  EXPECT_TRUE(status_with("1").ok());
  EXPECT_TRUE(status_with("").ok()) << "not one of ours";
  EXPECT_EQ(status_with("7").error_message(),
            "this client speaks protocol 7 and the scheduler 1; upgrade the scheduler");
  EXPECT_EQ(status_with("0").error_message(),
            "this client speaks protocol 0 and the scheduler 1; upgrade the client");
  EXPECT_EQ(status_with("one").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(Tcp, ATakenPortIsNamed) {
  const Tokens tokens;
  TestCluster cluster(tokens.Options());
  rpc::TcpSettings settings = *tokens.Options().tcp;
  settings.address = "127.0.0.1:" + std::to_string(cluster.server().tcp_port());
  grpc::ServerBuilder builder;
  const auto second = rpc::StartTcp(builder, settings);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("cannot listen on " + settings.address +
                                                ": Address already in use; choose another port"));
}

// The stranger's program where he can reach it: not all folders above the build may be open to him.
std::string StrangerIn(const std::string& directory) {
  const std::string copy = directory + "/stranger";
  std::filesystem::copy_file(std::string(std::getenv("BSUB_BUILD_DIR")) + "/tests/scheduler_stranger", copy);
  chmod(copy.c_str(), 0755);
  return copy;
}

// Runs `action` as another user in a child process; its result is the child's exit code.
int AsUser(uid_t uid, const std::function<int()>& action) {
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(uid) != 0 || setuid(uid) != 0) _exit(100);
    _exit(action());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
}

TEST(UnixSocket, TheKernelSaysWhoConnects) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  constexpr uid_t kStranger = 54321;
  TemporaryDirectory directory;
  chmod(directory.path().c_str(), 0711);
  const std::string program = StrangerIn(directory.path());
  const std::string socket = directory.path() + "/s.sock";
  ClusterOptions options;
  options.socket_path = socket;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  SubmitOk(*client, Command({"true"}));
  ASSERT_EQ(AsUser(kStranger,
                   [&] { return execl(program.c_str(), program.c_str(), socket.c_str(), nullptr), 102; }),
            0);
  const v1::Job job = GetJobOk(*client, "2");
  EXPECT_EQ(job.uid(), kStranger);
  EXPECT_EQ(job.owner(), "uid 54321");
}

TEST(UnixSocket, ManyUsersMakeRoomForEachOther) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  TemporaryDirectory directory;
  chmod(directory.path().c_str(), 0711);
  const std::string program = StrangerIn(directory.path());
  ClusterOptions options;
  options.socket_path = directory.path() + "/s.sock";
  options.rpc.max_identities = 2;
  const std::string socket = options.socket_path;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  SubmitOk(*client, Command({"true"}));
  for (uid_t uid = 54321; uid < 54325; ++uid) {
    ASSERT_EQ(
        AsUser(uid, [&] { return execl(program.c_str(), program.c_str(), socket.c_str(), nullptr), 102; }), 0)
        << uid;
  }
  EXPECT_EQ(GetJobOk(*client, "5").uid(), 54324u);
}

}  // namespace
}  // namespace bsub::testing
