// What the program behind `bench` is given.
#include "cli/bench.h"

#include <gmock/gmock.h>

namespace bsub::cli {
namespace {

using ::testing::UnorderedElementsAre;

TEST(Bench, PassesWordsAndOptionsOn) {
  const auto arguments =
      ParseArguments(BenchCommand().manual(), {"placement", "--config", "c.yaml", "--nodes", "8", "--degrade",
                                               "a03=25%", "--degrade", "a04=+5us", "--json"});
  ASSERT_TRUE(arguments) << arguments.error().message;
  const std::vector<std::string> words = BenchToolWords(*arguments);
  EXPECT_EQ(words.front(), "placement");
  EXPECT_THAT(words, UnorderedElementsAre("placement", "--config=c.yaml", "--nodes=8", "--degrade=a03=25%",
                                          "--degrade=a04=+5us", "--json"));
}

TEST(Bench, WantsToKnowWhatToMeasure) {
  EXPECT_FALSE(ParseArguments(BenchCommand().manual(), {"--nodes", "8"}));
}

}  // namespace
}  // namespace bsub::cli
