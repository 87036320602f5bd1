// A node that takes and gives many at a time: protocol 2 of worker.proto.
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/scheduler/fake_node.h"
#include "tests/integration/scheduler/requests.h"
#include "tests/integration/scheduler/test_cluster.h"

namespace bsub::testing {
namespace {

// What waited when the node came is placed in one cycle, and so comes in one message. What ended is told in
// one.
TEST(Node, OneOfProtocol2GetsAndGivesManyAtATime) {
  TestCluster cluster;
  const auto client = cluster.Client();
  for (int i = 0; i < 3; ++i) SubmitOk(*client, Command({"true", std::to_string(i)}));
  v1::Hello hello = HelloOf("n1");
  hello.set_protocol(2);
  FakeNode node(cluster.Connect(), hello);
  const auto accepted = node.Take(v1::ToNode::kAccepted);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->accepted().protocol(), 2);
  EXPECT_EQ(accepted->accepted().gather_us(), rpc::RpcSettings().gather_reports.count());
  node.SetIncarnation(accepted->accepted().incarnation());
  const auto orders = node.Take(v1::ToNode::kOrders);
  ASSERT_TRUE(orders);
  ASSERT_EQ(orders->orders().launches_size(), 3);
  v1::FromNode reports;
  for (const v1::SignedLaunch& order : orders->orders().launches()) {
    v1::Launch launch;
    ASSERT_TRUE(launch.ParseFromString(order.launch()));
    EXPECT_EQ(launch.command().argv(1), std::to_string(launch.attempt().job() - 1));
    EXPECT_EQ(launch.attempt().job(), order.attempt().job());
    for (const bool ended : {false, true}) {
      v1::TaskReport& report = *reports.mutable_tasks()->add_tasks();
      *report.mutable_attempt() = order.attempt();
      report.set_started(true);
      report.set_ended(ended);
      report.set_end_kind(static_cast<int>(EndKind::kExited));
      report.set_code(ended ? static_cast<int>(order.attempt().job()) : 0);
    }
  }
  node.Send(std::move(reports));
  for (const char* job : {"1", "2", "3"}) EXPECT_EQ(WaitFor(*client, {job}).exit_code(), job[0] - '0');
}

}  // namespace
}  // namespace bsub::testing
