// Pictures of a study on a network that is as promised but for one node.
#include "bench/placement/pictures.h"

#include <gmock/gmock.h>

#include <utility>

#include "tests/unit/bench/placement/modelled.h"
#include "tests/unit/sim/fabric/two_racks.h"

namespace bsub::placement {
namespace {

using ::testing::HasSubstr;

int CountOf(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Two policies on three nodes of one rack; messages of the last node take twice as long.
struct Drawn {
  sched::Topology topology = testing::TwoRacksAndOne();
  Options options;
  std::vector<PolicyRuns> study;

  Drawn() {
    options.nodes = 3;
    options.draws = 1;
    PlacedRun run;
    run.nodes = {0, 1, 2};
    run.measured = testing::AsPromised(
        topology, run.nodes,
        [](const auto&, const auto& other, std::uint64_t) { return other == "n3" ? 2.0 : 1.0; });
    study = {{.policy = "cluster", .runs = {run}}, {.policy = "none", .runs = {std::move(run)}}};
  }
  Report report() const {
    return {.cluster = "tree", .options = options, .topology = topology, .study = study, .slow = {}};
  }
};

TEST(Pictures, SlowPairsAreFramedOnBothSidesOfTheDiagonal) {
  const Drawn drawn;
  const std::string map = DrawPairs(drawn.report(), false);
  EXPECT_EQ(CountOf(map, "#d62728"), 2 * 2 * 2);  // two maps, two slow pairs
  EXPECT_THAT(map, HasSubstr("framed: slower"));
  EXPECT_THAT(map, HasSubstr(">20</text>"));  // microseconds, twice the ten of the rack
}

TEST(Pictures, AreThereForEachPolicy) {
  const Drawn drawn;
  for (const Picture& picture : DrawPictures(drawn.report())) {
    EXPECT_THAT(picture.svg, HasSubstr(">cluster</text>")) << picture.name;
    EXPECT_THAT(picture.svg, HasSubstr(">none</text>")) << picture.name;
    EXPECT_THAT(picture.svg, HasSubstr("3 nodes of tree")) << picture.name;
    EXPECT_THAT(picture.svg, ::testing::Not(HasSubstr("nan"))) << picture.name;
  }
}

}  // namespace
}  // namespace bsub::placement
