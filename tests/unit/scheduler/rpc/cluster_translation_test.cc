#include "scheduler/rpc/cluster_translation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::rpc {
namespace {

using ::testing::HasSubstr;

TEST(TranslateSetQueue, NewQueueIsOpen) {
  v1::SetQueueRequest request;
  request.mutable_queue()->set_name("high");
  request.mutable_queue()->set_priority(9);
  const auto input = TranslateSetQueue(request, nullptr);
  ASSERT_TRUE(input);
  EXPECT_TRUE(input->queue.accepts);
  EXPECT_TRUE(input->queue.dispatches);
  EXPECT_EQ(input->queue.priority, 9);
}

TEST(TranslateSetQueue, OnlyNamedFieldsChange) {
  const sched::Queue present{.name = "high", .priority = 9, .max_running = 4, .description = "x"};
  v1::SetQueueRequest request;
  request.mutable_queue()->set_name("high");
  request.mutable_queue()->set_priority(1);
  request.add_update("dispatches");
  const auto input = TranslateSetQueue(request, &present);
  ASSERT_TRUE(input);
  EXPECT_FALSE(input->queue.dispatches);
  EXPECT_TRUE(input->queue.accepts);
  EXPECT_EQ(input->queue.priority, 9);
  EXPECT_EQ(input->queue.max_running, 4);
}

TEST(TranslateSetQueue, UnknownFieldNamesTheNearest) {
  v1::SetQueueRequest request;
  request.add_update("max_runing");
  EXPECT_THAT(TranslateSetQueue(request, nullptr).error().message, HasSubstr("did you mean 'max_running'?"));
}

TEST(TranslateSetNode, KnowsItsActions) {
  v1::SetNodeRequest request;
  request.set_name("n1");
  request.set_action("declare-dead");
  EXPECT_EQ(TranslateSetNode(request)->action, sched::NodeAction::kDeclareDead);
  request.set_action("drian");
  EXPECT_THAT(TranslateSetNode(request).error().message, HasSubstr("did you mean 'drain'?"));
}

TEST(FindDefinition, NewestActiveOrTheNamedRevision) {
  sched::State state;
  JobDefinition one;
  one.name = "align";
  one.revision = 1;
  JobDefinition two = one, three = one;
  two.revision = 2;
  three.revision = 3;
  three.active = false;
  state.definitions["align"] = {one, two, three};
  EXPECT_EQ((*FindDefinition(state, "align"))->revision, 2);
  EXPECT_EQ((*FindDefinition(state, "align:1"))->revision, 1);
  EXPECT_THAT(FindDefinition(state, "align:3").error().message, HasSubstr("deregistered"));
  EXPECT_THAT(FindDefinition(state, "align:9").error().message, HasSubstr("no such revision"));
  EXPECT_THAT(FindDefinition(state, "aling").error().message, HasSubstr("did you mean 'align'?"));
}

}  // namespace
}  // namespace bsub::rpc
