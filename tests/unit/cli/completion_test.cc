#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>

#include "cli/completion_scripts.h"
#include "tests/unit/cli/run_cli.h"
#include "tests/unit/cli/temporary_directory.h"

namespace bsub::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What bash offers for a command line of `words`; the last one is completed.
std::string Complete(const std::vector<std::string>& words) {
  const TemporaryDirectory directory;
  std::string script = CliRun()({"completion", "bash"}).out + "COMP_WORDS=(bsub-lite";
  for (const std::string& word : words) script += " '" + word + "'";
  script +=
      ")\nCOMP_CWORD=" + std::to_string(words.size()) + "\n_bsub_lite\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
  const std::string command = "PATH=/usr/bin:/bin bash " + directory.Write("run.sh", script) + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  std::string out;
  char buffer[4096];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  EXPECT_EQ(pclose(pipe), 0) << out;
  return out;
}

TEST(Completion, OffersCommandsAndOptions) {
  EXPECT_EQ(Complete({"sub"}), "submit\n");
  EXPECT_THAT(Complete({"submit", "--pri"}), HasSubstr("--priority\n"));
  EXPECT_EQ(Complete({"jobs", "--state", "runn"}), "runnable\nrunning\n");
  EXPECT_EQ(Complete({"queues", "cr"}), "create\n");
  EXPECT_EQ(Complete({"completion", "z"}), "zsh\n");
}

TEST(Completion, ZshScriptNamesEveryCommand) {
  const std::string script = CliRun()({"completion", "zsh"}).out;
  for (const std::string& name : StandardCommands().names())
    EXPECT_THAT(script, HasSubstr("    " + name + ") "));
  EXPECT_THAT(script, HasSubstr("#compdef bsub-lite"));
}

TEST(Completion, OtherShellsAreRefused) {
  EXPECT_EQ(CliRun()({"completion", "fish"}).code, kExitUsage);
  EXPECT_EQ(CliRun()({"completion"}).code, kExitUsage);
}

}  // namespace
}  // namespace bsub::cli
