#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "cli/commands.h"
#include "cli/submit_request.h"
#include "tests/unit/cli/run_cli.h"

namespace bsub::cli {
namespace {

using ::testing::HasSubstr;

TEST(Help, FoldsBetweenWords) {
  EXPECT_EQ(Fold("one two three", 2, 9), "  one two\n  three\n");
  EXPECT_EQ(Fold("unbreakable", 2, 5), "  unbreakable\n");
  EXPECT_EQ(Fold("", 2, 9), "");
}

TEST(Help, ACommandInBackticksStaysInOnePiece) {
  EXPECT_EQ(Fold("end it with `bsub-lite cancel 7`, now", 2, 20),
            "  end it with\n  `bsub-lite cancel 7`,\n  now\n");
  EXPECT_EQ(Fold("one ` alone", 0, 5), "one `\nalone\n");
}

TEST(Help, EveryCommandHasACompleteManual) {
  const CommandTable table = StandardCommands();
  for (const Command& command : table.commands()) {
    const Manual manual = command.manual();
    EXPECT_EQ(manual.name, command.name);
    EXPECT_EQ(manual.summary, command.summary);
    EXPECT_FALSE(manual.paragraphs.empty()) << command.name;
    const std::string page = RenderManual(manual, 80);
    for (const char* heading : {"NAME\n", "SYNOPSIS\n", "DESCRIPTION\n", "-h, --help\n", "EXIT CODES\n"}) {
      EXPECT_THAT(page, HasSubstr(heading)) << command.name;
    }
  }
}

TEST(Help, ExitCodesStandInOrderAndAreFolded) {
  const CliRun run;
  const std::string page = run({"wait", "--help"}).out;
  const std::string codes = page.substr(page.find("EXIT CODES"));
  std::size_t before = 0;
  for (const char* code : {"\n    0     ", "\n    1     ", "\n    2     ", "\n    3     ", "\n    124   ",
                           "\n    125   ", "\n    130   ", "\n    N     "}) {
    const std::size_t at = codes.find(code);
    ASSERT_NE(at, std::string::npos) << code;
    EXPECT_GT(at, before) << code;
    before = at;
  }
  EXPECT_THAT(RenderManual(SubmitManual(), 80),
              HasSubstr("\n    3     No answer came, so it may be submitted: one line on standard error\n"
                        "          tells the token"));
}

TEST(Help, WhatNeedsNoSchedulerDoesNotMissIt) {
  const CliRun run;
  for (const char* command : {"sim", "config", "bench", "checkpoint", "journal", "completion", "version"})
    EXPECT_THAT(run({command, "--help"}).out, ::testing::Not(HasSubstr("cannot be reached"))) << command;
  EXPECT_THAT(run({"queues", "--help"}).out, HasSubstr("3     The scheduler cannot be reached.\n"));
}

TEST(Help, NoOptionIsDefinedTwice) {
  const CommandTable table = StandardCommands();
  for (const Command& command : table.commands()) {
    std::set<std::string_view> names = {"help"};
    std::set<char> letters = {'h'};
    const Manual manual = command.manual();
    for (const Option& option : manual.options) {
      EXPECT_TRUE(names.insert(option.name).second) << command.name << " --" << option.name;
      EXPECT_TRUE(option.letter == 0 || letters.insert(option.letter).second)
          << command.name << " -" << option.letter;
      EXPECT_TRUE(option.text.ends_with('.')) << command.name << " --" << option.name;
    }
  }
}

// The words of an example as a shell reads them, as far as examples go: quotes group, and the first word of
// the shell's own ends the command.
std::vector<std::string> WordsOfExample(std::string_view line) {
  std::vector<std::string> words = {""};
  char quote = 0;
  for (const char c : line) {
    if (quote == 0 && (c == '|' || c == '<' || c == '>' || c == ';')) break;
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote == 0 && c == ' ') {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

TEST(Help, TheExamplesOfAManualAreUnderstood) {
  const CommandTable table = StandardCommands();
  for (const Command& command : table.commands()) {
    for (const Example& example : command.manual().examples) {
      std::vector<std::string> words = WordsOfExample(example.command);
      ASSERT_FALSE(words.empty()) << command.name;
      const Command* called = table.Find(words.front());
      ASSERT_NE(called, nullptr) << example.command;
      words.erase(words.begin());
      const auto arguments = ParseArguments(called->manual(), words);
      EXPECT_TRUE(arguments) << example.command << ": " << arguments.error().message;
    }
  }
}

TEST(Help, IsShownByEveryWayOfAsking) {
  const CliRun run;
  const CliResult page = run({"submit", "--help"});
  EXPECT_EQ(page.code, kExitOk);
  EXPECT_THAT(page.out, HasSubstr("-q, --queue NAME"));
  EXPECT_EQ(run({"help", "submit"}).out, page.out);
  EXPECT_EQ(run({"submit", "-h"}).out, page.out);
  EXPECT_THAT(run({"--help"}).out, HasSubstr("submit"));
  EXPECT_EQ(run({}).code, kExitUsage);
}

TEST(Help, AMistypedCommandNamesTheNearest) {
  const CliResult result = CliRun()({"sumbit"});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_EQ(result.err, "bsub-lite: unknown command 'sumbit'; did you mean 'submit'?\n");
  EXPECT_EQ(result.out, "");
}

TEST(Help, VersionIsOneLine) {
  EXPECT_THAT(CliRun()({"--version"}).out, ::testing::MatchesRegex("bsub-lite [0-9.]+\n"));
}

}  // namespace
}  // namespace bsub::cli
