#include "cli/submit_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <sstream>

#include "tests/unit/cli/temporary_directory.h"

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<JobSource> Find(const std::vector<std::string>& words, bool separator = false,
                       const std::string& input = "", bool terminal = true, const Arguments& options = {}) {
  std::istringstream in(input);
  std::ostringstream out;
  Context context{.in = in, .out = out, .err = out, .terminal = {}, .environment = {}, .commands = nullptr};
  context.terminal.in = terminal;
  Arguments arguments = options;
  arguments.SetWords(words, separator);
  return FindJobSource(context, arguments);
}

TEST(JobSourceOf, WordsAreAProgram) {
  const auto source = Find({"./a.out", "x", "y"}, true);
  ASSERT_TRUE(source);
  EXPECT_THAT(source->argv, ElementsAre("./a.out", "x", "y"));
  EXPECT_EQ(source->name, "a.out");
  EXPECT_FALSE(source->is_script());
}

TEST(JobSourceOf, OneReadableTextFileIsAScript) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("job.sh", "#!/bin/bash -e\necho hi\n");
  const auto source = Find({file});
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_THAT(source->interpreter, ElementsAre("/bin/bash", "-e"));
  EXPECT_EQ(source->script, "#!/bin/bash -e\necho hi\n");
  EXPECT_EQ(source->name, "job.sh");
  EXPECT_THAT(source->argv, IsEmpty());
}

TEST(JobSourceOf, BehindTheSeparatorOrWithArgumentsItIsAProgram) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("job.sh", "#!/bin/sh\n");
  EXPECT_FALSE(Find({file}, true)->is_script());
  EXPECT_FALSE(Find({file, "x"})->is_script());
}

TEST(JobSourceOf, ACompiledProgramIsNoScript) {
  EXPECT_FALSE(Find({"/proc/self/exe"})->is_script());
  EXPECT_FALSE(Find({"hostname"})->is_script());
}

TEST(JobSourceOf, AScriptWithArguments) {
  const TemporaryDirectory directory;
  Arguments options;
  options.Add("script", directory.Write("job.sh", "echo $1\n"));
  const auto source = Find({"x", "y"}, false, "", true, options);
  ASSERT_TRUE(source);
  EXPECT_THAT(source->interpreter, ElementsAre("/bin/sh"));
  EXPECT_THAT(source->argv, ElementsAre("x", "y"));
  Arguments missing;
  missing.Add("script", "/nonexistent.sh");
  EXPECT_THAT(Find({}, false, "", true, missing).error().message, HasSubstr("'/nonexistent.sh'"));
}

TEST(JobSourceOf, OneWordWithBlanksGoesToTheShell) {
  EXPECT_THAT(Find({"echo hi | wc"})->argv, ElementsAre("/bin/sh", "-c", "echo hi | wc"));
  EXPECT_THAT(Find({"echo hi | wc"}, true)->argv, ElementsAre("echo hi | wc"));
}

TEST(JobSourceOf, StandardInputIsAScript) {
  const auto source = Find({}, false, "#BSUB -q high\necho hi\n", false);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->script, "#BSUB -q high\necho hi\n");
  EXPECT_THAT(source->interpreter, ElementsAre("/bin/sh"));
}

TEST(JobSourceOf, NothingToRun) {
  EXPECT_THAT(Find({}).error().message, HasSubstr("No command is specified"));
  EXPECT_THAT(Find({}, false, "", false).error().message, HasSubstr("No command is specified"));
  EXPECT_THAT(Find({}, false, " \n", false).error().message, HasSubstr("No command is specified"));
  EXPECT_FALSE(Find({""}));
  Arguments definition;
  definition.Add("definition", "align");
  EXPECT_TRUE(Find({}, false, "", true, definition));
}

TEST(JobSourceOf, DamagedScriptsAreRefused) {
  EXPECT_THAT(Find({}, false, "#!/bin/sh\r\necho\r\n", false).error().message, HasSubstr("CR LF"));
  EXPECT_THAT(Find({}, false, std::string("echo\0x\n", 7), false).error().message, HasSubstr("NUL"));
}

}  // namespace
}  // namespace bsub::cli
