#include "jobs/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub {
namespace {

using ::testing::HasSubstr;

TEST(PlacementSpec, IsReadAndShown) {
  for (const char* text :
       {"none", "cluster", "partition=3", "spread", "cluster:preferred", "spread:preferred@5m",
        "partition=2:preferred@90s", "cluster:preferred@2h", "cluster:preferred@1.25s"}) {
    const auto placement = ParsePlacement(text);
    ASSERT_TRUE(placement) << placement.error().message;
    EXPECT_EQ(ToString(*placement), text);
    EXPECT_EQ(ToString(*ParsePlacement(ToString(*placement))), text);
  }
  EXPECT_EQ(ParsePlacement("spread:required")->mode, PlacementMode::kRequired);
  EXPECT_EQ(ParsePlacement("spread:preferred@1:30:00")->wait, std::chrono::minutes(90));
  EXPECT_EQ(*ParsePlacement("none:preferred@5m"), PlacementSpec{}) << "nothing to prefer";
}

TEST(PlacementSpec, SaysWhatIsWrong) {
  const auto why = [](std::string_view text) {
    const auto placement = ParsePlacement(text);
    return placement ? std::string("read") : placement.error().message;
  };
  EXPECT_EQ(
      why("clutser"),
      "placement 'clutser': expected none, cluster, partition=K or spread, and behind it :required (the "
      "default) or :preferred@WAIT, such as cluster:preferred@5m; did you mean 'cluster'?");
  EXPECT_THAT(why("sprad:required"), HasSubstr("'sprad:required': there is no 'sprad'; expected"));
  EXPECT_THAT(why("partition"), HasSubstr("partition needs a number"));
  EXPECT_THAT(why("spread=3"), HasSubstr("only partition has a number"));
  EXPECT_THAT(why("partition=0"), HasSubstr("'0' is out of range"));
  EXPECT_THAT(why("cluster:wanted"), HasSubstr("there is no 'wanted'"));
  EXPECT_THAT(why("cluster:preferred@soon"), HasSubstr("'soon'"));
  for (const char* bad : {"", ":", "cluster:", "cluster@5m", "none=1", "cluster:preferred@"})
    EXPECT_NE(why(bad), "read") << bad;
}

TEST(PlacementSpec, FeaturesAreAListWithCommas) {
  EXPECT_THAT(*ParseFeatures("efa, !spot"), ::testing::ElementsAre("efa", "!spot"));
  EXPECT_EQ(JoinFeatures(*ParseFeatures("efa,!spot")), "efa,!spot");
  for (const char* bad : {"", ",", "efa,", "!", "!!efa", "a\tb"}) EXPECT_FALSE(ParseFeatures(bad)) << bad;
  std::string many = "f0";
  for (int i = 1; i <= 16; ++i) many += ",f" + std::to_string(i);
  EXPECT_EQ(ParseFeatures(many).error().message, "features: 17 of them; expected at most 16");
  EXPECT_FALSE(ParseFeatures(std::string(129, 'x')));
}

TEST(PlacementSpec, MayNotContradictItself) {
  PlacementSpec spec;
  spec.features = {"efa", "!efa"};
  EXPECT_EQ(Validate(spec, 1).error().message,
            "features 'efa' and '!efa' contradict each other; name one of them");
  spec.features = {"efa"};
  spec.group = "pg1";
  EXPECT_THAT(Validate(spec, 1).error().message, HasSubstr("placement group 'pg1': with placement none"));
  spec.policy = PlacementPolicy::kCluster;
  EXPECT_TRUE(Validate(spec, 1));
}

TEST(PlacementSpec, HasNoMorePartitionsThanNodes) {
  EXPECT_TRUE(Validate(*ParsePlacement("partition=4"), 4));
  EXPECT_EQ(Validate(*ParsePlacement("partition=4"), 3).error().message,
            "placement partition 4: must be from 1 to 3");
  EXPECT_TRUE(Validate(*ParsePlacement("spread"), 1));
}

}  // namespace
}  // namespace bsub
