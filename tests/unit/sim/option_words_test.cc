#include "sim/option_words.h"

#include <gmock/gmock.h>

#include <utility>

namespace bsub::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

struct Heard {
  bool json = false;
  std::vector<std::pair<std::string, std::string>> options = {};
  std::vector<std::string> words = {};
};

Status Read(const std::vector<std::string>& arguments, Heard& heard, bool takes_words = true) {
  OptionWords words{.flags = {{"--json", &heard.json}},
                    .option = [&heard](const std::string& option, const std::string& value) -> Status {
                      if (option == "--bad") return InvalidArgument("--bad: no");
                      heard.options.emplace_back(option, value);
                      return OkStatus();
                    }};
  if (takes_words) {
    words.word = [&heard](const std::string& word) {
      heard.words.push_back(word);
      return OkStatus();
    };
  }
  return ReadOptionWords(arguments, words);
}

TEST(OptionWordsOfSim, BothSpellingsFlagsAndOthers) {
  Heard heard;
  ASSERT_TRUE(Read({"a.swf", "--seed", "7", "--json", "--policy=x=y", "--empty=", "b.swf"}, heard));
  EXPECT_TRUE(heard.json);
  EXPECT_THAT(heard.options, ElementsAre(Pair("--seed", "7"), Pair("--policy", "x=y"), Pair("--empty", "")));
  EXPECT_THAT(heard.words, ElementsAre("a.swf", "b.swf"));
}

TEST(OptionWordsOfSim, MistakesNameTheWord) {
  Heard heard;
  EXPECT_THAT(Read({"--seed"}, heard).error().message, HasSubstr("--seed: needs a value"));
  EXPECT_THAT(Read({"--bad", "1"}, heard).error().message, HasSubstr("--bad: no"));
  EXPECT_THAT(Read({"word"}, heard, false).error().message, HasSubstr("word: expected options only"));
}

TEST(OptionWordsOfSim, ANumberThatIsNoneNamesItsOption) {
  EXPECT_EQ(PositiveNumber("--first", "7").value(), 7);
  EXPECT_EQ(PositiveNumber("--load", "0", 1000).error().message,
            "--load: '0' is out of range; expected a whole number from 1 to 1000");
  EXPECT_THAT(PositiveNumber("--load", "1001", 1000).error().message, HasSubstr("--load: '1001' is out of"));
}

}  // namespace
}  // namespace bsub::sim
