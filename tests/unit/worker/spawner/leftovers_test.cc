#include "worker/spawner/leftovers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::spawner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Process P(pid_t pid, pid_t parent, pid_t session, std::uint64_t start = 100, std::string marker = {}) {
  return {{pid, parent, session, 'S', start}, std::move(marker)};
}

LeftoverSigns Recorded(pid_t pid, std::uint64_t start) {
  LeftoverSigns signs;
  signs.state_id = "state";
  signs.recorded.emplace_back();
  signs.recorded[0].set_pid(pid);
  signs.recorded[0].set_start_ticks(start);
  return signs;
}

TEST(Leftovers, AreTheRecordedProcessItsSessionAndTheirDescendants) {
  const std::vector<Process> processes = {P(1, 0, 1),    P(50, 1, 50), P(51, 50, 50), P(52, 51, 52),
                                          P(40, 52, 52), P(60, 1, 60), P(61, 1, 50)};
  EXPECT_THAT(FindLeftovers(processes, Recorded(50, 100), 99), ElementsAre(40, 50, 51, 52, 61));
}

TEST(Leftovers, AreNotALaterProcessWithTheSameNumber) {
  EXPECT_THAT(FindLeftovers({P(50, 1, 50, 777), P(51, 50, 50)}, Recorded(50, 100), 99), IsEmpty());
}

TEST(Leftovers, OfASessionWhoseLeaderIsGoneAreKnownByTheirMark) {
  const std::vector<Process> processes = {P(51, 1, 50), P(52, 1, 50, 100, "state:1.0.1.1"), P(53, 52, 53),
                                          P(54, 1, 54, 100, "other:1.0.1.1"),
                                          P(55, 1, 55, 100, "other:1;state:2.0.1.1")};
  EXPECT_THAT(FindLeftovers(processes, Recorded(50, 100), 99), ElementsAre(52, 53, 55));
}

TEST(Leftovers, NeverIncludeOneselfOrInit) {
  const std::vector<Process> processes = {P(1, 0, 1, 1, "state:1"), P(50, 1, 50),
                                          P(99, 50, 50, 5, "state:1.0.1.1")};
  EXPECT_THAT(FindLeftovers(processes, Recorded(50, 100), 99), ElementsAre(50));
}

TEST(Leftovers, KillingNoneNeedsNothing) {
  LeftoverSigns signs;
  signs.state_id = "no-such-state";
  const auto cgroups = NoCgroups("test");
  const auto killed = KillLeftovers(ProcFs(), *cgroups, signs, 0);
  ASSERT_TRUE(killed.has_value());
  EXPECT_EQ(*killed, 0);
}

}  // namespace
}  // namespace bsub::spawner
