// The thin path: submit, place, launch, report, wait; over the real wire with the real core.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/scheduler/fake_node.h"
#include "tests/integration/scheduler/requests.h"
#include "tests/integration/scheduler/test_cluster.h"

namespace bsub::testing {
namespace {

TEST(LifeOfAJob, IsSubmittedLaunchedAndWaitedFor) {
  TestCluster cluster;
  const auto client = cluster.Client();
  FakeNode node(cluster.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());

  const v1::SubmitReply submitted = SubmitOk(*client, Command({"echo", "hi"}));
  EXPECT_EQ(submitted.job_id(), 1u);
  EXPECT_EQ(submitted.queue(), "default");
  EXPECT_TRUE(submitted.default_queue());

  const auto launch = node.TakeLaunch();
  ASSERT_TRUE(launch);
  EXPECT_EQ(launch->attempt().job(), 1u);
  EXPECT_THAT(launch->command().argv(), ::testing::ElementsAre("echo", "hi"));
  EXPECT_THAT(launch->environment().variables(), ::testing::ElementsAre("A=1", "B=2"));
  EXPECT_EQ(launch->node(), "n1");
  EXPECT_EQ(launch->uid(), geteuid());
  EXPECT_EQ(launch->incarnation(), node.incarnation());

  node.ReportStarted(launch->attempt());
  node.ReportEnded(launch->attempt(), EndKind::kExited, 3);
  ASSERT_TRUE(node.Take(v1::ToNode::kAckEnded));

  const v1::WaitReply waited = WaitFor(*client, {"1"});
  EXPECT_EQ(waited.exit_code(), 3);
  EXPECT_EQ(waited.counts().at("FAILED"), 1u);

  const v1::Job job = GetJobOk(*client, "1");
  EXPECT_EQ(job.state(), "FAILED");
  EXPECT_EQ(job.node(), "n1");
  EXPECT_THAT(job.command(), ::testing::ElementsAre("echo", "hi"));
  ASSERT_EQ(job.attempts_size(), 1);
  EXPECT_EQ(job.attempts(0).exit().code(), 3);
  EXPECT_EQ(job.attempts(0).usage().elapsed_us(), 5000);
  EXPECT_EQ(job.attempts(0).phase(), "ended");
}

}  // namespace
}  // namespace bsub::testing
