#include "bench/placement/options.h"

#include <gmock/gmock.h>

#include "bench/placement/fault_option.h"
#include "tests/unit/sim/fabric/two_racks.h"

namespace bsub::placement {
namespace {

using ::testing::HasSubstr;

std::string OptionsError(const std::vector<std::string>& words) {
  const auto options = ReadOptions(words);
  return options ? "was read" : options.error().message;
}

TEST(PlacementOptions, AreRead) {
  const auto options = ReadOptions(
      {"--config=c.yaml", "--nodes=8", "--busy=50%", "--degrade=a=5%", "--degrade=b=6%", "--json"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->config, "c.yaml");
  EXPECT_EQ(options->nodes, 8u);
  EXPECT_EQ(options->busy_percent, 50u);
  EXPECT_EQ(options->faults.size(), 2u);
  EXPECT_TRUE(options->json);
  EXPECT_EQ(options->draws, 10u);
  EXPECT_EQ(ReadOptions({"--config=c", "--nodes=2", "--slow-pairs=90%"})->slow_pairs_percent, 90u);
}

TEST(PlacementOptions, TheRunningClusterHasItsOwn) {
  const auto options =
      ReadOptions({"--config=c.yaml", "--nodes=2", "--real", "--timeout=90s", "--repetitions=9"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_TRUE(options->real);
  EXPECT_EQ(options->draws, 3u);
  EXPECT_EQ(options->timeout_s, 90u);
  EXPECT_EQ(options->repetitions, 9u);
  EXPECT_THAT(OptionsError({"--config=c", "--nodes=2", "--real", "--busy=5"}),
              HasSubstr("--busy is of the modelled"));
  EXPECT_THAT(OptionsError({"--config=c", "--nodes=2", "--timeout=5s"}), HasSubstr("needs --real"));
  EXPECT_THAT(OptionsError({"--config=c", "--nodes=2", "--repetitions=5"}), HasSubstr("needs --real"));
  EXPECT_THAT(OptionsError({"--config=c", "--nodes=2", "--real", "--timeout=0s"}), HasSubstr("--timeout"));
}

TEST(PlacementOptions, MistakesNameTheOption) {
  EXPECT_THAT(OptionsError({}), HasSubstr("--config: say which"));
  EXPECT_THAT(OptionsError({"--config=c"}), HasSubstr("--nodes: say how many"));
  EXPECT_THAT(OptionsError({"--config=c", "--nodes=65"}), HasSubstr("--nodes: "));
  EXPECT_THAT(OptionsError({"--config=c", "--nodes=1"}), HasSubstr("--nodes: "));
  EXPECT_THAT(OptionsError({"--config=c", "--nodes=4", "--busy=101"}), HasSubstr("--busy: "));
  EXPECT_THAT(OptionsError({"--config=c", "--nodes=4", "--bussy=1"}), HasSubstr("--bussy"));
  EXPECT_THAT(OptionsError({"c.yaml"}), HasSubstr("'c.yaml'"));
}

TEST(NetworkFaultOption, IsReadAndChecked) {
  const auto topology = testing::TwoRacksAndOne();
  const auto fault = [&](const std::string& text) { return ParseNetworkFault(text, topology); };
  EXPECT_EQ(fault("n3=25%").value(), (sim::NetworkFault{.name = "n3", .bandwidth = 0.25}));
  EXPECT_EQ(fault("s1-r1=+1.5us").value(), (sim::NetworkFault{.name = "s1-r1", .extra_latency_ns = 1'500}));
  EXPECT_EQ(fault("n3=50%+20us").value(),
            (sim::NetworkFault{.name = "n3", .bandwidth = 0.5, .extra_latency_ns = 20'000}));
  for (const char* wrong :
       {"n3", "n3=", "n3=25", "n3=0%", "n3=101%", "n3=+20", "n3=+", "n99=5%", "top=5%", "=5%"}) {
    EXPECT_FALSE(fault(wrong)) << wrong;
  }
  EXPECT_THAT(fault("n99=5%").error().message, HasSubstr("no node or switch 'n99'"));
  EXPECT_THAT(fault("n3=25").error().message, HasSubstr("such as a03=25%+20us"));
}

}  // namespace
}  // namespace bsub::placement
