#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Manual Program() {
  return {.name = "submit",
          .summary = "",
          .synopsis = {"[--] PROGRAM"},
          .paragraphs = {},
          .options = {{.name = "queue", .letter = 'q', .value = "NAME"},
                      {.name = "priority", .letter = 'p', .value = "N"},
                      {.name = "hold", .letter = 'H'},
                      {.name = "tag", .value = "NAME=VALUE"}},
          .examples = {},
          .first_word_ends_options = true};
}

Manual Plain() {
  Manual manual = Program();
  manual.first_word_ends_options = false;
  manual.min_words = 1;
  manual.max_words = 2;
  return manual;
}

TEST(Options, TakesEverySpelling) {
  const auto arguments = ParseArguments(Program(), {"-qhigh", "-p", "50", "--tag=a=b", "--tag", "c=d", "-H"});
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_EQ(arguments->Get("queue"), "high");
  EXPECT_EQ(arguments->Get("priority"), "50");
  EXPECT_THAT(arguments->All("tag"), ElementsAre("a=b", "c=d"));
  EXPECT_TRUE(arguments->Has("hold"));
  EXPECT_THAT(arguments->words(), IsEmpty());
}

TEST(Options, FlagsMayBeJoinedWithAnOptionThatTakesAValue) {
  const auto arguments = ParseArguments(Program(), {"-Hq", "low", "./a.out", "-q", "x"});
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_TRUE(arguments->Has("hold"));
  EXPECT_EQ(arguments->Get("queue"), "low");
  EXPECT_THAT(arguments->words(), ElementsAre("./a.out", "-q", "x"));
}

TEST(Options, WhatEndsTheOptionsIsNoValue) {
  const auto why = [](const std::vector<std::string>& words) {
    return ParseArguments(Program(), words).error().message;
  };
  EXPECT_THAT(why({"--queue", "--", "true"}), HasSubstr("--queue needs a value, NAME; "));
  EXPECT_THAT(why({"-Hq", "--", "true"}), HasSubstr("-q needs a value, NAME; "));
  EXPECT_THAT(why({"--tag", "a=b", "--queue"}), HasSubstr("--queue needs a value, NAME; "));
  EXPECT_EQ(ParseArguments(Program(), {"--queue=--", "true"})->Get("queue"), "--");
}

TEST(Options, TheFirstWordEndsTheOptionsOfAProgram) {
  const auto arguments = ParseArguments(Program(), {"-q", "high", "./a.out", "--queue", "low", "--", "-x"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->Get("queue"), "high");
  EXPECT_THAT(arguments->words(), ElementsAre("./a.out", "--queue", "low", "--", "-x"));
  EXPECT_FALSE(arguments->separator());
}

TEST(Options, AllBehindTheSeparatorIsWords) {
  const auto arguments = ParseArguments(Program(), {"--hold", "--", "--queue", "low"});
  ASSERT_TRUE(arguments);
  EXPECT_TRUE(arguments->separator());
  EXPECT_THAT(arguments->words(), ElementsAre("--queue", "low"));
}

TEST(Options, OptionsMayFollowWordsElsewhere) {
  const auto arguments = ParseArguments(Plain(), {"12", "--queue", "low"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->Get("queue"), "low");
  EXPECT_THAT(arguments->words(), ElementsAre("12"));
}

TEST(Options, AValueMayBeAnOptionsName) {
  const auto arguments = ParseArguments(Program(), {"-q", "queue", "--tag", "hold=1"});
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_EQ(arguments->Get("queue"), "queue");
}

TEST(Options, NegativeNumbersAreValuesAndWords) {
  const auto value = ParseArguments(Program(), {"-p", "-5"});
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->Get("priority"), "-5");
  const auto word = ParseArguments(Plain(), {"-10", "12"});
  ASSERT_TRUE(word) << word.error().message;
  EXPECT_THAT(word->words(), ElementsAre("-10", "12"));
}

TEST(Options, TheLastValueWins) {
  const auto arguments = ParseArguments(Program(), {"-q", "a", "-q", "b"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->Get("queue"), "b");
}

TEST(Options, AnUnknownOptionNamesTheNearest) {
  const auto arguments = ParseArguments(Program(), {"--priorty", "5"});
  ASSERT_FALSE(arguments);
  EXPECT_THAT(arguments.error().message, HasSubstr("'--priorty'"));
  EXPECT_THAT(arguments.error().message, HasSubstr("did you mean '--priority'?"));
}

TEST(Options, NothingIsGuessed) {
  EXPECT_FALSE(ParseArguments(Program(), {"--prio", "5"}));
  EXPECT_FALSE(ParseArguments(Program(), {"-z"}));
}

TEST(Options, AMissingValueIsAnError) {
  const auto arguments = ParseArguments(Program(), {"--queue"});
  ASSERT_FALSE(arguments);
  EXPECT_THAT(arguments.error().message, HasSubstr("queue"));
  EXPECT_FALSE(ParseArguments(Program(), {"--hold=yes"}));
}

TEST(Options, TheNumberOfWordsIsChecked) {
  EXPECT_FALSE(ParseArguments(Plain(), {}));
  EXPECT_FALSE(ParseArguments(Plain(), {"1", "2", "3"}));
  EXPECT_TRUE(ParseArguments(Plain(), {"--help"}));
}

}  // namespace
}  // namespace bsub::cli
