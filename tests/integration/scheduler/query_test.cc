// Listing, controlling, waiting, why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/scheduler/fake_node.h"
#include "tests/integration/scheduler/requests.h"
#include "tests/integration/scheduler/test_cluster.h"

namespace bsub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::uint64_t> Ids(const std::vector<v1::Job>& jobs) {
  std::vector<std::uint64_t> ids;
  for (const v1::Job& job : jobs) ids.push_back(job.id());
  return ids;
}

void RunOne(FakeNode& node, EndKind kind, int code) {
  const auto launch = node.TakeLaunch();
  ASSERT_TRUE(launch);
  node.ReportStarted(launch->attempt());
  node.ReportEnded(launch->attempt(), kind, code);
}

TEST(ListJobs, FiltersOrdersAndLimitsAcrossPages) {
  ClusterOptions options;
  options.rpc.list_page_jobs = 2;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  for (int i = 0; i < 9; ++i) {
    v1::SubmitRequest request = Command({"true"});
    request.set_name(i % 2 == 0 ? "even" : "odd");
    SubmitOk(*client, request);
  }
  v1::ListJobsRequest all, newest, odd, two, named;
  newest.set_newest_first(true);
  odd.mutable_filter()->set_name("od*");
  two.set_limit(2);
  named.add_targets("7");
  named.add_targets("3");
  EXPECT_THAT(Ids(ListJobs(*client, all)), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(Ids(ListJobs(*client, newest)), ElementsAre(9, 8, 7, 6, 5, 4, 3, 2, 1));
  EXPECT_THAT(Ids(ListJobs(*client, odd)), ElementsAre(2, 4, 6, 8));
  EXPECT_THAT(Ids(ListJobs(*client, two)), ElementsAre(1, 2));
  EXPECT_THAT(Ids(ListJobs(*client, named)), ElementsAre(7, 3));
}

TEST(ListJobs, ChildrenOneByOne) {
  ClusterOptions options;
  options.rpc.list_page_jobs = 3;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  v1::SubmitRequest request = Command({"true"});
  request.set_array("10-80:10");
  SubmitOk(*client, request);
  SubmitOk(*client, Command({"true"}));
  v1::ListJobsRequest list;
  list.set_children(true);
  const auto jobs = ListJobs(*client, list);
  ASSERT_EQ(jobs.size(), 9u);
  EXPECT_EQ(jobs[0].display_id(), "1[10]");
  EXPECT_EQ(jobs[7].display_id(), "1[80]");
  EXPECT_EQ(jobs[8].display_id(), "2");
  list.set_children(false);
  const auto whole = ListJobs(*client, list);
  ASSERT_EQ(whole.size(), 2u);
  EXPECT_EQ(whole[0].array().status_summary().at("RUNNABLE"), 8u);
}

TEST(ListJobs, WhatIsOverShowsWhereAndWhenItRanAndWhatWaitsSaysWhy) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Command({"true"}));
  RunOne(node, EndKind::kExited, 3);
  WaitFor(*client, {"1"});
  v1::SubmitRequest held = Command({"sleep", "60"});
  held.set_held(true);
  SubmitOk(*client, held);
  v1::ListJobsRequest list;
  list.set_include_finished(true);
  const auto jobs = ListJobs(*client, list);
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].node(), "n1");
  EXPECT_GT(jobs[0].started_at_us(), 0);
  ASSERT_EQ(jobs[0].attempts_size(), 1);
  EXPECT_EQ(jobs[0].attempts(0).exit().code(), 3);
  EXPECT_EQ(jobs[1].reason(), "held");
  EXPECT_EQ(jobs[1].command_size(), 0) << "not asked for";
  list.set_commands(true);
  EXPECT_THAT(ListJobs(*client, list)[1].command(), ElementsAre("sleep", "60"));
}

TEST(ListJobs, AFilterChoosesAmongNamedJobsAndTheirChildren) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  v1::SubmitRequest array = Command({"true"});
  array.set_array("1-5%1");
  SubmitOk(*client, array);
  SubmitOk(*client, Command({"true"}));
  RunOne(node, EndKind::kExited, 7);
  WaitFor(*client, {"1[1]"});
  v1::ListJobsRequest list;
  list.add_targets("1");
  list.add_targets("2");
  list.set_children(true);
  EXPECT_EQ(ListJobs(*client, list).size(), 6U);
  list.mutable_filter()->add_states("FAILED");
  const auto failed = ListJobs(*client, list);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].display_id(), "1[1]");
  EXPECT_EQ(failed[0].node(), "n1");
}

TEST(Wait, OneJobGivesItsOwnCodeSeveralGiveZeroOrOne) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  for (int i = 0; i < 4; ++i) SubmitOk(*client, Command({"true"}));
  v1::SubmitRequest array = Command({"true"});
  array.set_array("1-2");
  SubmitOk(*client, array);
  RunOne(node, EndKind::kExited, 0);
  RunOne(node, EndKind::kExited, 42);
  RunOne(node, EndKind::kSignalled, 9);
  RunOne(node, EndKind::kTimedOut, 0);
  RunOne(node, EndKind::kExited, 0);
  RunOne(node, EndKind::kExited, 5);
  EXPECT_EQ(WaitFor(*client, {"1"}).exit_code(), 0);
  EXPECT_EQ(WaitFor(*client, {"2"}).exit_code(), 42);
  EXPECT_EQ(WaitFor(*client, {"3"}).exit_code(), 137);
  EXPECT_EQ(WaitFor(*client, {"4"}).exit_code(), 125);
  EXPECT_EQ(WaitFor(*client, {"5"}).exit_code(), 1);
  EXPECT_EQ(WaitFor(*client, {"5[1]"}).exit_code(), 0);
  EXPECT_EQ(WaitFor(*client, {"5[2]"}).exit_code(), 5);
  EXPECT_EQ(WaitFor(*client, {"1", "2"}).exit_code(), 1);
  EXPECT_EQ(WaitFor(*client, {"1", "5[1]"}).exit_code(), 0);
}

TEST(Wait, HearsOfTheEndWhileItWaits) {
  TestCluster cluster;
  const auto client = cluster.Client();
  SubmitOk(*client, Command({"true"}));
  grpc::ClientContext context;
  v1::WaitRequest request;
  request.add_targets("1");
  const auto stream = client->Wait(&context, request);
  v1::WaitReply reply;
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_FALSE(reply.over());
  EXPECT_EQ(reply.counts().at("RUNNABLE"), 1u);
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  RunOne(node, EndKind::kExited, 6);
  while (stream->Read(&reply) && !reply.over()) {
  }
  EXPECT_TRUE(reply.over());
  EXPECT_EQ(reply.exit_code(), 6);
}

// That the scheduler has much to do at this moment says nothing about the jobs.
TEST(Wait, GoesOnWhenALookIsRefused) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Command({"true"}));
  cluster.core().RefuseReads(2);
  std::thread ends([&] {
    Eventually([&] { return cluster.core().refusals_left() == 0; }, "both looks are refused");
    RunOne(node, EndKind::kExited, 6);
  });
  EXPECT_EQ(WaitFor(*client, {"1"}).exit_code(), 6);
  ends.join();
}

TEST(Wait, LooksAtManyJobsInPortions) {
  ClusterOptions options;
  options.rpc.list_page_jobs = 2;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  std::vector<std::string> targets;
  for (int i = 1; i <= 7; ++i) {
    SubmitOk(*client, Command({"true"}));
    targets.push_back(std::to_string(i));
  }
  targets.emplace_back("3");  // named twice
  for (int i = 1; i <= 6; ++i) RunOne(node, EndKind::kExited, i == 5 ? 9 : 0);
  std::thread last([&] { RunOne(node, EndKind::kExited, 0); });
  const v1::WaitReply reply = WaitFor(*client, targets);
  last.join();
  EXPECT_EQ(reply.total(), 8u);
  EXPECT_EQ(reply.counts().at("SUCCEEDED"), 7u);
  EXPECT_EQ(reply.exit_code(), 1);
  ASSERT_EQ(reply.exits_size(), 8);
  EXPECT_EQ(reply.exits(4).code(), 9);
}

TEST(Wait, CountsFailedChildrenAsPeopleDo) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  for (const int children : {1, 2}) {
    v1::SubmitRequest array = Command({"true"});
    array.set_array("1-" + std::to_string(children));
    SubmitOk(*client, array);
    for (int i = 0; i < children; ++i) RunOne(node, EndKind::kExited, 1);
  }
  const v1::WaitReply reply = WaitFor(*client, {"1", "2"});
  ASSERT_EQ(reply.exits_size(), 2);
  EXPECT_EQ(reply.exits(0).text(), "1 child failed");
  EXPECT_EQ(reply.exits(1).text(), "2 children failed");
  EXPECT_EQ(GetJobOk(*client, "1").reason(), "1 of 1 child failed");
}

TEST(Wait, SaysThatChildrenWereCancelledAndDidNotFail) {
  TestCluster cluster;
  const auto client = cluster.Client();
  v1::SubmitRequest array = Command({"true"});
  array.set_array("1-5");
  SubmitOk(*client, array);
  SubmitOk(*client, array);
  Control(*client, v1::CANCEL, {"1", "2[2]", "2[3]", "2[4]", "2[5]"});
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  RunOne(node, EndKind::kExited, 1);
  const v1::WaitReply reply = WaitFor(*client, {"1", "2"});
  ASSERT_EQ(reply.exits_size(), 2);
  EXPECT_EQ(reply.exits(0).text(), "5 children were cancelled before they ran");
  EXPECT_EQ(reply.exits(0).shell_code(), 1);
  EXPECT_EQ(reply.exits(1).text(), "1 child failed, 4 were cancelled before they ran");
}

TEST(Wait, UnknownJobsAreNamed) {
  TestCluster cluster;
  const auto client = cluster.Client();
  for (const auto& [target, text] :
       std::vector<std::pair<std::string, std::string>>{{"77", "job 77 does not exist"}, {"x", "x"}}) {
    grpc::ClientContext context;
    v1::WaitRequest request;
    request.add_targets(target);
    const auto stream = client->Wait(&context, request);
    v1::WaitReply reply;
    EXPECT_FALSE(stream->Read(&reply));
    const grpc::Status status = stream->Finish();
    EXPECT_THAT(status.error_message(), HasSubstr(text));
    if (target == "77") {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
    }
  }
}

// Ends that are too long for one message of gRPC.
TEST(Wait, ManyEndsComeInPieces) {
  ClusterOptions options;
  options.rpc.max_message_bytes = 4096;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  constexpr int kJobs = 100;
  v1::WaitRequest request;
  for (int i = 1; i <= kJobs; ++i) {
    SubmitOk(*client, Command({"true"}));
    request.add_targets(std::to_string(i));
    Control(*client, v1::CANCEL, {std::to_string(i)});
  }
  grpc::ClientContext context;
  const auto stream = client->Wait(&context, request);
  v1::WaitReply reply, ends;
  int pieces = 0;
  while (stream->Read(&reply)) {
    ends.mutable_exits()->MergeFrom(reply.exits());
    pieces += reply.exits_size() > 0 ? 1 : 0;
  }
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(reply.over());
  EXPECT_EQ(reply.exit_code(), 1);
  EXPECT_EQ(reply.exits_size(), 0) << "of older clients none is taken for another's";
  EXPECT_GT(pieces, 1);
  ASSERT_EQ(ends.exits_size(), kJobs);
  for (const v1::Exit& end : ends.exits()) EXPECT_EQ(end.shell_code(), 125);
}

ClusterOptions ThatForgetsAtOnce() {
  ClusterOptions options;
  options.core.max_jobs = 2;
  options.core.early_forgetting_percent = 50;
  options.core.least_retention = Duration(0);
  options.rpc.history_timeout = std::chrono::milliseconds(20);
  return options;
}

// Of a job that only the history knows, beside one that runs.
TEST(Wait, GoesOnWhileTheHistoryCannotTell) {
  TestCluster cluster(ThatForgetsAtOnce());
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  for (const int code : {3, 0}) {
    SubmitOk(*client, Command({"true"}));
    RunOne(node, EndKind::kExited, code);
    ASSERT_TRUE(node.Take(v1::ToNode::kAckEnded));
  }
  Eventually([&] { return cluster.history().FindJob(JobId(1))->has_value(); }, "job 1 is forgotten");
  SubmitOk(*client, Command({"true"}));
  cluster.history().SetFailure(FailedPrecondition("the history cannot be written now"));
  std::thread later([&] {
    Eventually([&] { return cluster.history().failures() >= 3; }, "the history is asked again");
    cluster.history().SetFailure(std::nullopt);
    RunOne(node, EndKind::kExited, 0);
  });
  const v1::WaitReply reply = WaitFor(*client, {"1", "3"});
  later.join();
  EXPECT_EQ(reply.total(), 2u);
  EXPECT_EQ(reply.exit_code(), 1);
  ASSERT_EQ(reply.exits_size(), 2);
  EXPECT_EQ(reply.exits(0).code(), 3);
}

TEST(Wait, SaysSoIfTheHistoryCannotTellAndNothingGoesOn) {
  TestCluster cluster(ThatForgetsAtOnce());
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  for (int i = 0; i < 2; ++i) {
    SubmitOk(*client, Command({"true"}));
    RunOne(node, EndKind::kExited, 0);
    ASSERT_TRUE(node.Take(v1::ToNode::kAckEnded));
  }
  Eventually([&] { return cluster.history().FindJob(JobId(1))->has_value(); }, "job 1 is forgotten");
  cluster.history().SetFailure(FailedPrecondition("the history cannot be written now"));
  grpc::ClientContext context;
  v1::WaitRequest request;
  request.add_targets("1");
  const auto stream = client->Wait(&context, request);
  v1::WaitReply reply;
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_message(), "the history cannot be written now");
}

TEST(Control, EachTargetHasItsResult) {
  TestCluster cluster;
  const auto client = cluster.Client();
  SubmitOk(*client, Command({"true"}));
  const v1::ControlReply reply = Control(*client, v1::CANCEL, {"1", "99"});
  ASSERT_EQ(reply.results_size(), 2);
  EXPECT_EQ(reply.results(0).error_code(), 0) << reply.results(0).error();
  EXPECT_EQ(reply.results(1).target(), "99");
  EXPECT_NE(reply.results(1).error_code(), 0);
  const v1::Job job = GetJobOk(*client, "1");
  EXPECT_EQ(job.state(), "FAILED");
  EXPECT_EQ(job.exit().kind(), "cancelled");
  EXPECT_EQ(WaitFor(*client, {"1"}).exit_code(), 125);
}

TEST(Control, WhatIsOverIsNotHeld) {
  TestCluster cluster;
  const auto client = cluster.Client();
  v1::SubmitRequest array = Command({"true"});
  array.set_array("1-2");
  SubmitOk(*client, Command({"true"}));
  SubmitOk(*client, array);
  Control(*client, v1::HOLD, {"1", "2", "2[1]"});
  EXPECT_TRUE(GetJobOk(*client, "1").held());
  EXPECT_TRUE(GetJobOk(*client, "2").held());
  EXPECT_TRUE(GetJobOk(*client, "2[1]").held());
  Control(*client, v1::CANCEL, {"1", "2"});
  v1::ListJobsRequest list;
  list.add_targets("1");
  list.add_targets("2");
  list.set_children(true);
  const auto jobs = ListJobs(*client, list);
  EXPECT_EQ(jobs.size(), 3U);
  for (const v1::Job& job : jobs) EXPECT_FALSE(job.held()) << job.display_id();
  EXPECT_FALSE(GetJobOk(*client, "2").held());
  list.mutable_filter()->set_held(true);
  EXPECT_THAT(ListJobs(*client, list), ElementsAre());
  grpc::ClientContext context;
  v1::WhyRequest request;
  request.set_target("1");
  v1::WhyReply why;
  ASSERT_TRUE(client->Why(&context, request, &why).ok());
  EXPECT_FALSE(why.held());
}

TEST(Control, ByFilter) {
  TestCluster cluster;
  const auto client = cluster.Client();
  for (const char* name : {"a", "b", "a"}) {
    v1::SubmitRequest request = Command({"true"});
    request.set_name(name);
    SubmitOk(*client, request);
  }
  grpc::ClientContext context;
  v1::ControlRequest request;
  request.set_action(v1::HOLD);
  request.mutable_filter()->set_name("a");
  v1::ControlReply reply;
  ASSERT_TRUE(client->Control(&context, request, &reply).ok());
  ASSERT_EQ(reply.results_size(), 2);
  EXPECT_TRUE(GetJobOk(*client, "1").held());
  EXPECT_FALSE(GetJobOk(*client, "2").held());
  EXPECT_EQ(GetJobOk(*client, "3").lsf_state(), "PSUSP");
}

TEST(Control, ByFilterGathersPageByPage) {
  ClusterOptions options;
  options.rpc.list_page_jobs = 2;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  for (const char* name : {"b", "a", "b", "c", "a", "a", "b"}) {
    v1::SubmitRequest request = Command({"true"});
    request.set_name(name);
    SubmitOk(*client, request);
  }
  for (const auto& [owner, action] : {std::pair("", v1::HOLD), std::pair("*", v1::RELEASE)}) {
    grpc::ClientContext context;
    v1::ControlRequest request;
    request.set_action(action);
    request.mutable_filter()->set_owner(owner);
    v1::ControlReply reply;
    ASSERT_TRUE(client->Control(&context, request, &reply).ok());
    std::vector<std::string> targets;
    for (const v1::ControlResult& result : reply.results()) targets.push_back(result.target());
    EXPECT_THAT(targets, ElementsAre("1", "2", "3", "4", "5", "6", "7")) << "owner '" << owner << "'";
  }
}

TEST(Text, BytesThatAreNoUtf8AreShownAndBreakNoAnswer) {
  TestCluster cluster;
  const auto client = cluster.Client();
  v1::SubmitRequest request = Command({"/tmp/nope\xe9", "\xff"});
  request.set_working_directory("/tmp/d\xe9");
  request.set_stdout_path("out\xe9");
  request.mutable_command()->set_script_name("run\xe9.sh");
  SubmitOk(*client, request);
  const v1::Job job = GetJobOk(*client, "1");
  EXPECT_EQ(job.name(), "run\\xe9.sh");
  EXPECT_THAT(job.command(), ElementsAre("/tmp/nope\\xe9", "\\xff"));
  EXPECT_EQ(job.working_directory(), "/tmp/d\\xe9");
  EXPECT_EQ(job.stdout_path(), "out\\xe9");
  EXPECT_EQ(ListJobs(*client, {}).size(), 1u);
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  const auto launch = node.TakeLaunch();
  ASSERT_TRUE(launch);
  EXPECT_EQ(launch->command().argv(0), "/tmp/nope\xe9") << "the program gets what was said";
  EXPECT_EQ(launch->working_directory(), "/tmp/d\xe9");
}

// They end with one entry, which names the first of them.
TEST(GetJob, EachChildThatNeverRanSaysWhatWasInItsOwnWay) {
  TestCluster cluster;
  const auto client = cluster.Client();
  v1::SubmitRequest parent = Command({"true"}), child = Command({"true"});
  parent.set_array("1-9");
  child.set_array("11-19");
  child.set_dependency("done(1[*])");
  SubmitOk(*client, parent);
  SubmitOk(*client, child);
  Control(*client, v1::CANCEL, {"1"});
  const v1::Job ended = GetJobOk(*client, "2[17]");
  EXPECT_EQ(ended.state(), "FAILED");
  EXPECT_EQ(ended.exit().kind(), "dependency failed");
  EXPECT_EQ(ended.reason(),
            "a dependency can no longer be met: done(1[*]) can never be met, job 1[7] never ran");
  EXPECT_GT(ended.finished_at_us(), 0);
  EXPECT_THAT(GetJobOk(*client, "1[7]").reason(), HasSubstr("cancelled by"));
}

TEST(Why, SaysThatThereAreNoNodes) {
  TestCluster cluster;
  const auto client = cluster.Client();
  SubmitOk(*client, Command({"true"}));
  grpc::ClientContext context;
  v1::WhyRequest request;
  request.set_target("1");
  v1::WhyReply reply;
  ASSERT_TRUE(client->Why(&context, request, &reply).ok());
  ASSERT_GE(reply.reasons_size(), 1);
  EXPECT_EQ(reply.state(), "RUNNABLE");
  EXPECT_EQ(reply.reasons(0).text(), "the cluster has no nodes");
  EXPECT_EQ(GetJobOk(*client, "1").reason(), "there are no nodes") << "in short, as in lists";
}

TEST(Status, CountsWhatThereIs) {
  TestCluster cluster;
  const auto client = cluster.Client();
  SubmitOk(*client, Command({"true"}));
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  ASSERT_TRUE(node.TakeLaunch());
  SubmitOk(*client, Command({"true"}));
  grpc::ClientContext context;
  v1::StatusReply reply;
  ASSERT_TRUE(client->Status(&context, {}, &reply).ok());
  EXPECT_EQ(reply.scheduler_pid(), getpid());
  EXPECT_EQ(reply.jobs(), 2u);
  ASSERT_EQ(reply.nodes_size(), 1);
  EXPECT_EQ(reply.nodes(0).state(), "up");
  ASSERT_EQ(reply.queues_size(), 1);
  EXPECT_TRUE(reply.queues(0).is_default());
  EXPECT_EQ(reply.waiting_tasks() + reply.running_tasks(), 2u);
}

}  // namespace
}  // namespace bsub::testing
