#include "common/ids.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace bsub {
namespace {

static_assert(!std::is_convertible_v<std::uint64_t, JobId>, "a raw number is no id");
static_assert(!std::is_convertible_v<JobId, std::uint64_t>, "an id is no raw number");
static_assert(!std::is_convertible_v<JobId, Incarnation>, "kinds of ids do not mix");

TEST(Id, ZeroIsNeverGivenOut) {
  EXPECT_FALSE(JobId().valid());
  EXPECT_TRUE(JobId(1).valid());
}

TEST(Id, IsOrderedByItsNumberAndHashable) {
  EXPECT_LT(JobId(2), JobId(10));
  const std::unordered_set<NodeId> nodes = {NodeId(1), NodeId(2), NodeId(1)};
  EXPECT_EQ(nodes.size(), 2u);
}

}  // namespace
}  // namespace bsub
