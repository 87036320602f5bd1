// Nodes: who may connect, what each side is told, what happens when the stream breaks, and reading output
// through it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "tests/integration/scheduler/fake_node.h"
#include "tests/integration/scheduler/requests.h"
#include "tests/integration/scheduler/test_cluster.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;

TEST(Node, IsTiedToTheCluster) {
  TestCluster cluster;
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  const auto accepted = node.Take(v1::ToNode::kAccepted);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->accepted().protocol(), 1);
  EXPECT_GT(accepted->accepted().lease_us(), 0);
  EXPECT_EQ(accepted->accepted().cluster_uuid(), "11111111-2222-3333-4444-555555555555");

  v1::Hello stranger = HelloOf("n2");
  stranger.set_cluster_uuid("99999999-2222-3333-4444-555555555555");
  FakeNode other(cluster.Connect(), stranger);
  const auto refused = other.Take(v1::ToNode::kRefused);
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->refused().final());
  EXPECT_THAT(refused->refused().reason(), HasSubstr("belongs to cluster 99999999"));
}

TEST(Node, ProtocolsThatDoNotMeetAreNamed) {
  TestCluster cluster;
  v1::Hello newer = HelloOf("n1");
  newer.set_min_protocol(8);
  newer.set_protocol(9);
  FakeNode node(cluster.Connect(), newer);
  const auto refused = node.Take(v1::ToNode::kRefused);
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->refused().final());
  EXPECT_THAT(refused->refused().reason(),
              HasSubstr("speaks protocol 8 to 9 and the scheduler 1 to 2; upgrade the scheduler"));
  EXPECT_FALSE(node.WaitForEnd().ok());
}

TEST(Node, ASilentNodeIsGivenUp) {
  ClusterOptions options;
  options.rpc.heartbeat = std::chrono::milliseconds(10);
  options.rpc.missed_heartbeats = 3;
  TestCluster cluster(std::move(options));
  FakeNode node(cluster.Connect(), HelloOf("n1"), true);
  ASSERT_TRUE(node.Accept());
  const grpc::Status status = node.WaitForEnd();
  EXPECT_THAT(status.error_message(), HasSubstr("nothing was heard"));
  const auto client = cluster.Client();
  Eventually(
      [&] {
        grpc::ClientContext context;
        v1::ListNodesReply nodes;
        return client->ListNodes(&context, {}, &nodes).ok() && nodes.nodes_size() == 1 &&
               nodes.nodes(0).state() == "contact lost";
      },
      "the node shows that its contact is lost");
}

TEST(Node, ReportsUnderAnOldIncarnationAreIgnored) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Command({"true"}));
  const auto launch = node.TakeLaunch();
  ASSERT_TRUE(launch);
  v1::FromNode stale;
  stale.set_incarnation(node.incarnation() + 7);
  *stale.mutable_task()->mutable_attempt() = launch->attempt();
  stale.mutable_task()->set_ended(true);
  stale.mutable_task()->set_end_kind(static_cast<int>(EndKind::kExited));
  node.SendAs(std::move(stale));
  node.ReportEnded(launch->attempt(), EndKind::kExited, 8);
  EXPECT_EQ(WaitFor(*client, {"1"}).exit_code(), 8);
}

TEST(Node, AfterABreakItsHelloSettlesWhatBecameOfItsTasks) {
  TestCluster cluster;
  const auto client = cluster.Client();
  v1::AttemptKey attempt;
  {
    FakeNode node(cluster.Connect(), HelloOf("n1"));
    ASSERT_TRUE(node.Accept());
    SubmitOk(*client, Command({"true"}));
    attempt = node.TakeLaunch()->attempt();
    node.ReportStarted(attempt);
    Eventually([&] { return GetJobOk(*client, "1").state() == "RUNNING"; }, "the start is known");
  }
  v1::Hello again = HelloOf("n1");
  v1::TaskReport& task = *again.add_tasks();
  *task.mutable_attempt() = attempt;
  task.set_started(true);
  task.set_ended(true);
  task.set_end_kind(static_cast<int>(EndKind::kExited));
  task.set_code(11);
  FakeNode node(cluster.Connect(), again);
  ASSERT_TRUE(node.Accept());
  EXPECT_TRUE(node.Take(v1::ToNode::kAckEnded));
  EXPECT_EQ(WaitFor(*client, {"1"}).exit_code(), 11);
  EXPECT_EQ(GetJobOk(*client, "1").attempts_size(), 1);
}

TEST(Node, AMissingPayloadEndsTheTaskWithAReason) {
  ClusterOptions options;
  options.core.max_interruptions_default = 1;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  SubmitOk(*client, Command({"true"}));
  cluster.journal().ForgetPayloads();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  WaitFor(*client, {"1"});
  EXPECT_THAT(GetJobOk(*client, "1").reason(), HasSubstr("its command cannot be read"));
}

struct Output {
  std::string text, notice;
  std::set<std::uint32_t> attempts;
  grpc::Status status;
};

Output ReadLogs(v1::Scheduler::Stub& client, const v1::LogsRequest& request) {
  grpc::ClientContext context;
  const auto stream = client.Logs(&context, request);
  Output output;
  for (v1::LogChunk chunk; stream->Read(&chunk);) {
    output.text += chunk.data();
    output.notice += chunk.notice();
    output.attempts.insert(chunk.attempt());
  }
  output.status = stream->Finish();
  return output;
}

v1::LogsRequest LogsOf(const std::string& target) {
  v1::LogsRequest request;
  request.set_target(target);
  return request;
}

TEST(Logs, ComeFromTheNode) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Command({"true"}));
  const auto launch = node.TakeLaunch();
  ASSERT_TRUE(launch);
  std::thread agent([&node, &launch] {
    const auto read = node.Take(v1::ToNode::kReadLog);
    for (const bool end : {false, true}) {
      v1::FromNode message;
      message.mutable_log()->set_request(read->read_log().request());
      message.mutable_log()->set_data(end ? "two\n" : "one\n");
      message.mutable_log()->set_end(end);
      node.Send(std::move(message));
    }
    node.ReportEnded(launch->attempt(), EndKind::kExited, 0);
  });
  v1::LogsRequest request = LogsOf("1");
  request.set_follow(true);
  const Output output = ReadLogs(*client, request);
  agent.join();
  EXPECT_TRUE(output.status.ok()) << output.status.error_message();
  EXPECT_EQ(output.text, "one\ntwo\n");
}

// Answers the next request for output with all there is.
void TellOutput(FakeNode& node, const std::string& text) {
  const auto read = node.Take(v1::ToNode::kReadLog);
  ASSERT_TRUE(read);
  v1::FromNode message;
  message.mutable_log()->set_request(read->read_log().request());
  message.mutable_log()->set_data(text);
  message.mutable_log()->set_end(true);
  node.Send(std::move(message));
}

TEST(Logs, FollowedGoOnOverRetriesUntilTheJobIsOver) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  v1::SubmitRequest job = Command({"true"});
  job.mutable_retry()->set_attempts(3);
  SubmitOk(*client, job);
  const auto first = node.TakeLaunch();
  ASSERT_TRUE(first);
  std::thread agent([&] {
    TellOutput(node, "first\n");
    node.ReportEnded(first->attempt(), EndKind::kExited, 1);
    const auto second = node.TakeLaunch();
    ASSERT_TRUE(second);
    TellOutput(node, "second\n");
    node.ReportEnded(second->attempt(), EndKind::kExited, 0);
  });
  v1::LogsRequest request = LogsOf("1");
  request.set_follow(true);
  const Output output = ReadLogs(*client, request);
  agent.join();
  EXPECT_TRUE(output.status.ok()) << output.status.error_message();
  EXPECT_EQ(output.text, "first\nsecond\n");
  EXPECT_EQ(output.attempts, (std::set<std::uint32_t>{1, 2}));
  // One that lost its connection begins with the attempt it had come to.
  std::thread again([&] {
    TellOutput(node, "first\n");
    TellOutput(node, "second\n");
  });
  request.set_from_attempt(1);
  EXPECT_EQ(ReadLogs(*client, request).text, "first\nsecond\n");
  again.join();
}

// The next request for output finds nothing.
void TellThatThereIsNone(FakeNode& node) {
  const auto read = node.Take(v1::ToNode::kReadLog);
  ASSERT_TRUE(read);
  v1::FromNode message;
  message.mutable_log()->set_request(read->read_log().request());
  message.mutable_log()->set_end(true);
  message.mutable_log()->set_error("it has no output of it");
  node.Send(std::move(message));
}

v1::SubmitRequest Repeated() {
  v1::SubmitRequest job = Command({"true"});
  job.mutable_retry()->set_attempts(3);
  return job;
}

v1::LogsRequest FollowedLogsOf(const std::string& target) {
  v1::LogsRequest request = LogsOf(target);
  request.set_follow(true);
  return request;
}

TEST(Logs, FollowedPassOverAnAttemptWithoutOutput) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Repeated());
  const auto first = node.TakeLaunch();
  ASSERT_TRUE(first);
  node.ReportEnded(first->attempt(), EndKind::kExited, 1);
  ASSERT_TRUE(node.Take(v1::ToNode::kAckEnded));
  const auto second = node.TakeLaunch();
  ASSERT_TRUE(second);
  std::int64_t tail = 0;
  std::thread agent([&] {
    TellThatThereIsNone(node);
    const auto read = node.Take(v1::ToNode::kReadLog);
    ASSERT_TRUE(read);
    tail = read->read_log().tail_lines();
    v1::FromNode message;
    message.mutable_log()->set_request(read->read_log().request());
    message.mutable_log()->set_data("second\n");
    message.mutable_log()->set_end(true);
    node.Send(std::move(message));
    node.ReportEnded(second->attempt(), EndKind::kExited, 0);
  });
  v1::LogsRequest request = FollowedLogsOf("1");
  request.set_from_attempt(1);
  request.set_tail_lines(7);
  const Output output = ReadLogs(*client, request);
  agent.join();
  EXPECT_TRUE(output.status.ok()) << output.status.error_message();
  EXPECT_EQ(output.text, "second\n");
  EXPECT_THAT(output.notice, HasSubstr("nothing of it was kept here"));
  EXPECT_EQ(tail, 7) << "it is the first one that is shown";
}

TEST(Logs, FollowedSayInTheEndThatTheLastAttemptLeftNothing) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Command({"true"}));
  const auto launch = node.TakeLaunch();
  ASSERT_TRUE(launch);
  node.ReportEnded(launch->attempt(), EndKind::kExited, 1);
  ASSERT_TRUE(node.Take(v1::ToNode::kAckEnded));
  std::thread agent([&] { TellThatThereIsNone(node); });
  const Output output = ReadLogs(*client, FollowedLogsOf("1"));
  agent.join();
  EXPECT_EQ(output.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(output.status.error_message(), HasSubstr("nothing of it was kept here"));
}

TEST(Logs, FollowedGoOnWhenTheNodeComesBack) {
  ClusterOptions options;
  options.rpc.heartbeat = std::chrono::milliseconds(200);
  options.rpc.missed_heartbeats = 100;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  auto node = std::make_unique<FakeNode>(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node->Accept());
  SubmitOk(*client, Command({"true"}));
  const auto launch = node->TakeLaunch();
  ASSERT_TRUE(launch);
  node->ReportStarted(launch->attempt());
  grpc::ClientContext context;
  const auto stream = client->Logs(&context, FollowedLogsOf("1"));
  const auto read = node->Take(v1::ToNode::kReadLog);
  ASSERT_TRUE(read);
  v1::FromNode message;
  message.mutable_log()->set_request(read->read_log().request());
  message.mutable_log()->set_data("one\n");
  node->Send(std::move(message));
  v1::LogChunk chunk;
  ASSERT_TRUE(stream->Read(&chunk));
  EXPECT_EQ(chunk.data(), "one\n");
  node.reset();
  ASSERT_TRUE(stream->Read(&chunk)) << stream->Finish().error_message();
  EXPECT_THAT(chunk.notice(), HasSubstr("it is asked again until the attempt is over"));
  v1::Hello again = HelloOf("n1");
  v1::TaskReport& task = *again.add_tasks();
  *task.mutable_attempt() = launch->attempt();
  task.set_started(true);
  node = std::make_unique<FakeNode>(cluster.Connect(), again);
  ASSERT_TRUE(node->Accept());
  TellOutput(*node, "one\ntwo\n");
  ASSERT_TRUE(stream->Read(&chunk)) << stream->Finish().error_message();
  EXPECT_EQ(chunk.data(), "two\n");
  node->ReportEnded(launch->attempt(), EndKind::kExited, 0);
  EXPECT_FALSE(stream->Read(&chunk)) << chunk.data() << chunk.notice();
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

// Also if it was told before that the node cannot say more.
TEST(Logs, FollowedSayWhereTheKeptPartBegins) {
  ClusterOptions options;
  options.rpc.heartbeat = std::chrono::milliseconds(50);
  options.rpc.missed_heartbeats = 1000;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Command({"true"}));
  const auto launch = node.TakeLaunch();
  ASSERT_TRUE(launch);
  node.ReportStarted(launch->attempt());
  grpc::ClientContext context;
  const auto stream = client->Logs(&context, FollowedLogsOf("1"));
  const auto read = node.Take(v1::ToNode::kReadLog);
  ASSERT_TRUE(read);
  v1::FromNode message;
  message.mutable_log()->set_request(read->read_log().request());
  message.mutable_log()->set_data("one\n");
  node.Send(message);
  message.mutable_log()->clear_data();
  message.mutable_log()->set_end(true);
  message.mutable_log()->set_error("the disk is gone");
  node.Send(message);
  v1::LogChunk chunk;
  ASSERT_TRUE(stream->Read(&chunk));
  EXPECT_EQ(chunk.data(), "one\n");
  EXPECT_TRUE(chunk.has_offset());
  EXPECT_EQ(chunk.offset(), 0u);
  ASSERT_TRUE(stream->Read(&chunk));
  EXPECT_THAT(chunk.notice(), HasSubstr("it is asked again until the attempt is over"));
  v1::FromNode tail;
  *tail.mutable_tail()->mutable_attempt() = launch->attempt();
  tail.mutable_tail()->set_offset(100);
  tail.mutable_tail()->set_data("rest\n");
  node.Send(std::move(tail));
  std::atomic<bool> shown = false;
  std::thread reader([&] {
    stream->Read(&chunk);
    shown = true;
  });
  while (!shown) TellThatThereIsNone(node);
  reader.join();
  EXPECT_EQ(chunk.data(), "rest\n");
  EXPECT_EQ(chunk.offset(), 100u);
  EXPECT_THAT(chunk.notice(), HasSubstr("this is what the scheduler kept, from byte 100 on"));
  context.TryCancel();
}

// Output that nodes send is kept by threads of its own, after the end it belongs to may be known.
void EventuallyKeeps(const TestCluster& cluster, const std::string& file) {
  Eventually([&] { return std::filesystem::exists(cluster.directory() + "/spool/" + file); },
             "the output is kept");
}

// Also when only the scheduler still has it.
TEST(Logs, TheTailIsOfTheFirstAttemptOnly) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Repeated());
  for (const int code : {1, 0}) {
    const auto launch = node.TakeLaunch();
    ASSERT_TRUE(launch);
    v1::FromNode tail;
    *tail.mutable_tail()->mutable_attempt() = launch->attempt();
    tail.mutable_tail()->set_data(code == 1 ? "a\nb\n" : "c\nd\n");
    tail.mutable_tail()->set_final(true);
    node.Send(std::move(tail));
    node.ReportEnded(launch->attempt(), EndKind::kExited, code);
    ASSERT_TRUE(node.Take(v1::ToNode::kAckEnded));
    EventuallyKeeps(cluster, "1/0." + std::to_string(launch->attempt().number()) + ".out");
  }
  std::thread agent([&] {
    TellThatThereIsNone(node);
    TellThatThereIsNone(node);
  });
  v1::LogsRequest request = FollowedLogsOf("1");
  request.set_from_attempt(1);
  request.set_tail_lines(1);
  const Output output = ReadLogs(*client, request);
  agent.join();
  EXPECT_TRUE(output.status.ok()) << output.status.error_message();
  EXPECT_EQ(output.text, "b\nc\nd\n");
}

TEST(Logs, FollowedGoOnWhileTheHistoryCannotTell) {
  ClusterOptions options;
  options.rpc.history_timeout = std::chrono::milliseconds(20);
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Repeated());
  const auto first = node.TakeLaunch();
  ASSERT_TRUE(first);
  std::thread agent([&] {
    const auto read = node.Take(v1::ToNode::kReadLog);
    ASSERT_TRUE(read);
    for (const int code : {1, 0}) {
      const auto launch = code == 1 ? first : node.TakeLaunch();
      ASSERT_TRUE(launch);
      node.ReportEnded(launch->attempt(), EndKind::kExited, code);
      ASSERT_TRUE(node.Take(v1::ToNode::kAckEnded));
    }
    cluster.history().SetFailure(FailedPrecondition("the history cannot be written now"));
    v1::FromNode message;
    message.mutable_log()->set_request(read->read_log().request());
    message.mutable_log()->set_data("first\n");
    message.mutable_log()->set_end(true);
    node.Send(std::move(message));
    Eventually([&] { return cluster.history().failures() >= 2; }, "the history is asked again");
    cluster.history().SetFailure(std::nullopt);
    TellOutput(node, "second\n");
  });
  const Output output = ReadLogs(*client, FollowedLogsOf("1"));
  agent.join();
  EXPECT_TRUE(output.status.ok()) << output.status.error_message();
  EXPECT_EQ(output.text, "first\nsecond\n");
}

TEST(Logs, GoOnWhenALookIsRefused) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Command({"true"}));
  ASSERT_TRUE(node.TakeLaunch());
  cluster.core().RefuseReads(2);
  std::thread agent([&] { TellOutput(node, "all\n"); });
  EXPECT_EQ(ReadLogs(*client, LogsOf("1")).text, "all\n");
  agent.join();
}

// Near core.max_jobs the core forgets early; what a job wrote is still there.
TEST(Logs, OfAJobThatOnlyTheHistoryKnows) {
  ClusterOptions options;
  options.core.max_jobs = 2;
  options.core.early_forgetting_percent = 50;
  options.core.least_retention = Duration(0);
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  for (int i = 0; i < 2; ++i) {
    SubmitOk(*client, Command({"true"}));
    const auto launch = node.TakeLaunch();
    ASSERT_TRUE(launch);
    node.ReportEnded(launch->attempt(), EndKind::kExited, 0);
    ASSERT_TRUE(node.Take(v1::ToNode::kAckEnded));
  }
  Eventually([&] { return cluster.history().FindJob(JobId(1))->has_value(); }, "job 1 is forgotten");
  std::thread agent([&] { TellOutput(node, "long ago\n"); });
  const Output output = ReadLogs(*client, LogsOf("1"));
  if (!output.status.ok()) FAIL() << output.status.error_message();
  agent.join();
  EXPECT_EQ(output.text, "long ago\n");
  EXPECT_EQ(GetJobOk(*client, "1").state(), "SUCCEEDED");
}

TEST(Logs, FallBackOnWhatWasKept) {
  TestCluster cluster;
  const auto client = cluster.Client();
  {
    FakeNode node(cluster.Connect(), HelloOf("n1"));
    ASSERT_TRUE(node.Accept());
    SubmitOk(*client, Command({"true"}));
    const auto launch = node.TakeLaunch();
    ASSERT_TRUE(launch);
    v1::FromNode tail;
    *tail.mutable_tail()->mutable_attempt() = launch->attempt();
    tail.mutable_tail()->set_data("last words\n");
    tail.mutable_tail()->set_final(true);
    node.Send(std::move(tail));
    node.ReportEnded(launch->attempt(), EndKind::kExited, 0);
    ASSERT_TRUE(node.Take(v1::ToNode::kAckEnded));
  }
  Eventually([&] { return ReadLogs(*client, LogsOf("1")).text == "last words\n"; },
             "the kept output is shown");
  EXPECT_THAT(ReadLogs(*client, LogsOf("1")).notice, HasSubstr("node n1"));
}

// A node's word counts for what it was given, not for others' jobs.
TEST(Logs, ComeFromNoOtherNode) {
  TestCluster cluster;
  const auto client = cluster.Client();
  {
    FakeNode node(cluster.Connect(), HelloOf("n1"));
    ASSERT_TRUE(node.Accept());
    SubmitOk(*client, Command({"true"}));
    const auto launch = node.TakeLaunch();
    ASSERT_TRUE(launch);
    FakeNode stranger(cluster.Connect(), HelloOf("n2"));
    ASSERT_TRUE(stranger.Accept());
    const auto say = [&](FakeNode& who, const std::string& text, std::uint64_t job, bool standard_error) {
      v1::FromNode tail;
      *tail.mutable_tail()->mutable_attempt() = launch->attempt();
      tail.mutable_tail()->mutable_attempt()->set_job(job);
      tail.mutable_tail()->set_data(text);
      tail.mutable_tail()->set_standard_error(standard_error);
      who.Send(std::move(tail));
    };
    node.ReportEnded(launch->attempt(), EndKind::kExited, 0);
    ASSERT_TRUE(node.Take(v1::ToNode::kAckEnded));
    say(node, "mine\n", launch->attempt().job(), false);
    say(stranger, "forged\n", launch->attempt().job(), false);
    say(stranger, "forged\n", 99, false);
    stranger.ReportEnded(launch->attempt(), EndKind::kExited, 1);
    ASSERT_TRUE(stranger.Take(v1::ToNode::kAckEnded)) << "it was heard";
    say(node, "last\n", launch->attempt().job(), true);
  }
  v1::LogsRequest last = LogsOf("1");
  last.set_standard_error(true);
  Eventually([&] { return ReadLogs(*client, last).text == "last\n"; }, "the kept output is shown");
  EventuallyKeeps(cluster, "1/0.1.out");
  EXPECT_EQ(ReadLogs(*client, LogsOf("1")).text, "mine\n");
  EXPECT_FALSE(std::filesystem::exists(cluster.directory() + "/spool/99"));
}

TEST(Logs, RefusalsSayWhatToDo) {
  TestCluster cluster;
  const auto client = cluster.Client();
  SubmitOk(*client, Command({"true"}));
  v1::SubmitRequest array = Command({"true"});
  array.set_array("5-6");
  SubmitOk(*client, array);
  EXPECT_THAT(ReadLogs(*client, LogsOf("1")).status.error_message(), HasSubstr("bsub-lite why 1"));
  EXPECT_THAT(ReadLogs(*client, LogsOf("2")).status.error_message(), HasSubstr("name one child, e.g. 2[5]"));
  EXPECT_THAT(ReadLogs(*client, LogsOf("9")).status.error_message(), HasSubstr("job 9 does not exist"));
}

}  // namespace
}  // namespace bsub::testing
