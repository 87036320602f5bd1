#include "cli/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/run_cli.h"

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<std::vector<std::string>> CheckpointWords(const std::string& verb,
                                                 const std::vector<std::string>& options,
                                                 const std::vector<std::string>& names) {
  std::vector<std::string> words = {verb};
  words.insert(words.end(), options.begin(), options.end());
  BSUB_ASSIGN_OR_RETURN(const Arguments arguments, ParseArguments(CheckpointCommand().manual(), words));
  return CheckpointToolWords(arguments, verb, names);
}

TEST(Checkpoint, SaysWhatTheToolIsToDo) {
  EXPECT_THAT(CheckpointWords("ls", {"--json"}, {"/s"}).value(), ElementsAre("ls", "/s", "json"));
  EXPECT_THAT(CheckpointWords("verify", {"--generation", "7"}, {"/s"}).value(),
              ElementsAre("verify", "/s", "generation=7"));
  EXPECT_THAT(CheckpointWords("prune", {"--keep", "3", "--dry-run"}, {"/s"}).value(),
              ElementsAre("prune", "/s", "keep=3", "dry-run"));
  EXPECT_THAT(CheckpointWords("export", {}, {"/s", "u.h5"}).value(), ElementsAre("export", "/s", "u.h5"));
}

TEST(Checkpoint, WrongUseIsNamed) {
  EXPECT_THAT(CheckpointWords("prune", {"--keep", "0"}, {"/s"}).error().message, HasSubstr("--keep"));
  EXPECT_EQ(CliRun()({"checkpoint"}).code, kExitUsage);
  EXPECT_EQ(CliRun()({"checkpoint", "ls"}).code, kExitUsage);
  EXPECT_EQ(CliRun()({"checkpoint", "ls", "--keep", "2", "/s"}).code, kExitUsage);
  EXPECT_THAT(CliRun()({"checkpoint", "verfy", "/s"}).err, HasSubstr("verify"));
}

}  // namespace
}  // namespace bsub::cli
