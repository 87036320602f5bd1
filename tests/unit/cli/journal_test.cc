#include "cli/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/run_cli.h"

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<std::vector<std::string>> Words(const std::string& verb, const std::vector<std::string>& words) {
  std::istringstream in;
  std::ostringstream out;
  const Context context{.in = in,
                        .out = out,
                        .err = out,
                        .terminal = {},
                        .environment = {"BSUB_LITE_HOME=/h"},
                        .commands = nullptr};
  BSUB_ASSIGN_OR_RETURN(const Arguments arguments, ParseArguments(JournalCommand().manual(), words));
  return JournalToolWords(context, arguments, verb, {});
}

TEST(Journal, SaysWhatTheToolIsToDo) {
  EXPECT_THAT(Words("dump", {"dump"}).value(), ElementsAre("dump", "/h/journal", "1", "0"));
  EXPECT_THAT(Words("dump", {"dump", "--from", "5", "--to", "9", "--summary", "--payloads"}).value(),
              ElementsAre("dump", "/h/journal", "5", "9", "payloads", "summary"));
  EXPECT_THAT(Words("cut", {"cut", "--at", "7"}).value(), ElementsAre("cut", "/h/journal", "7"));
}

TEST(Journal, NothingIsCutByAccident) {
  EXPECT_THAT(Words("cut", {"cut"}).error().message, HasSubstr("--at N"));
  EXPECT_FALSE(Words("cut", {"cut", "--at", "-1"}));
  EXPECT_FALSE(Words("dump", {"dump", "--from", "x"}));
  EXPECT_EQ(CliRun()({"journal", "dump", "--at", "1"}).code, kExitUsage);
  EXPECT_EQ(CliRun()({"journal"}).code, kExitUsage);
}

}  // namespace
}  // namespace bsub::cli
