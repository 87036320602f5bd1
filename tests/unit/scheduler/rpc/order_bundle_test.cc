#include "scheduler/rpc/order_bundle.h"

#include <gtest/gtest.h>

#include <string>

namespace bsub::rpc {
namespace {

v1::ToNode Launch(std::uint64_t job, std::size_t bytes = 10) {
  v1::ToNode message;
  message.set_incarnation(7);
  message.mutable_launch()->set_launch(std::string(bytes, 'x'));
  message.mutable_launch()->mutable_attempt()->set_job(job);
  return message;
}
v1::ToNode Ack(std::uint64_t job) {
  v1::ToNode message;
  message.set_incarnation(7);
  message.mutable_ack_ended()->mutable_attempt()->set_job(job);
  return message;
}
v1::ToNode Stop(std::uint64_t job) {
  v1::ToNode message;
  message.set_incarnation(7);
  message.mutable_stop()->mutable_attempt()->set_job(job);
  return message;
}

TEST(Bundle, LaunchesAndAcknowledgementsGoTogether) {
  const auto out = Bundle({Launch(1), Ack(2), Launch(3), Ack(4)}, 1000);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].incarnation(), 7u);
  ASSERT_EQ(out[0].orders().launches_size(), 2);
  EXPECT_EQ(out[0].orders().launches(0).attempt().job(), 1u);
  EXPECT_EQ(out[0].orders().launches(1).attempt().job(), 3u);
  EXPECT_EQ(out[0].orders().launches(1).launch().size(), 10u);
  ASSERT_EQ(out[0].orders().ended_size(), 2);
  EXPECT_EQ(out[0].orders().ended(1).job(), 4u);
}

TEST(Bundle, AStopStaysBehindTheLaunchBeforeIt) {
  const auto out = Bundle({Launch(1), Launch(2), Stop(1), Launch(3)}, 1000);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].orders().launches_size(), 2);
  EXPECT_EQ(out[1].stop().attempt().job(), 1u);
  EXPECT_EQ(out[2].launch().attempt().job(), 3u);
}

TEST(Bundle, OneAloneStaysWhatItIs) {
  const auto out = Bundle({Launch(1)}, 1000);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(out[0].has_launch());
}

TEST(Bundle, IsBoundedInBytes) {
  const auto out = Bundle({Launch(1, 600), Launch(2, 400), Launch(3, 1), Launch(4, 5000), Ack(5)}, 1000);
  ASSERT_EQ(out.size(), 4u);
  EXPECT_EQ(out[0].orders().launches_size(), 2);
  EXPECT_EQ(out[1].launch().attempt().job(), 3u);
  EXPECT_EQ(out[2].launch().attempt().job(), 4u);
  EXPECT_EQ(out[3].ack_ended().attempt().job(), 5u);
}

TEST(Bundle, IncarnationsAreNotMixed) {
  v1::ToNode other = Launch(2);
  other.set_incarnation(8);
  const auto out = Bundle({Launch(1), other}, 1000);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].incarnation(), 7u);
  EXPECT_EQ(out[1].incarnation(), 8u);
}

}  // namespace
}  // namespace bsub::rpc
