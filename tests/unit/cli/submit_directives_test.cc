#include "cli/submit_directives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/submit_request.h"

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Translated(const std::vector<std::string>& words) {
  const auto result = TranslateLsfWords(words);
  return result ? *result : std::vector<std::string>{"error", result.error().message};
}

TEST(SubmitDirectives, LsfSpellingsBecomeOurs) {
  EXPECT_THAT(Translated({"-n", "4"}), ElementsAre("--cpus", "4"));
  EXPECT_THAT(Translated({"-n", "2,8"}), ElementsAre("--cpus", "2"));
  EXPECT_THAT(Translated({"-W", "90"}), ElementsAre("--time", "5400s"));
  EXPECT_THAT(Translated({"-W", "1:30"}), ElementsAre("--time", "5400s"));
  EXPECT_THAT(Translated({"-W", "1.5/host"}), ElementsAre("--time", "90s"));
  EXPECT_THAT(Translated({"-M", "4000"}), ElementsAre("--memory", "4194304000"));
  EXPECT_THAT(Translated({"-M", "5GB"}), ElementsAre("--memory", "5368709120"));
  EXPECT_THAT(Translated({"-w", "done(1)"}), ElementsAre("--depends", "done(1)"));
  EXPECT_THAT(Translated({"-cwd", "/x", "-P", "p"}), ElementsAre("--workdir", "/x", "--project", "p"));
  EXPECT_THAT(Translated({"-gpu", "num=2/task:mode=shared"}), ElementsAre("--gpus", "2"));
  EXPECT_THAT(Translated({"-H"}), ElementsAre("--hold"));
  EXPECT_THAT(Translated({"-B", "-N", "-u", "me@example.org"}), IsEmpty());
  EXPECT_THAT(Translated({"-env", "all, A=1,B"}), ElementsAre("--env", "A=1", "--env", "B"));
  EXPECT_THAT(Translated({"-env", "none,A"}), ElementsAre("--env-none", "--env", "A"));
  EXPECT_THAT(Translated({"-env", "all"}), IsEmpty());
}

TEST(SubmitDirectives, ATemplateWithoutAProjectOrAGroupNamesNone) {
  EXPECT_THAT(Translated({"-P", "", "-n", "4", "-G", " "}), ElementsAre("--cpus", "4"));
  EXPECT_THAT(Translated({"--project", ""}), ElementsAre("--project", ""))
      << "ours are refused as they stand";
  EXPECT_THAT(Translated({"-P"}), ElementsAre("--project")) << "and one without a value";
  const auto script =
      DirectiveArguments(SubmitManual(), "#!/bin/sh\n#BSUB -P ''\n#BSUB -G \"\"\n#BSUB -q high\n");
  ASSERT_TRUE(script) << script.error().message;
  EXPECT_FALSE(script->Has("project"));
  EXPECT_FALSE(script->Has("share"));
  EXPECT_EQ(script->Get("queue"), "high");
}

TEST(SubmitDirectives, ArraysAreWrittenBehindTheName) {
  EXPECT_THAT(Translated({"-J", "sim[1-10:2]%5"}), ElementsAre("--name", "sim", "--array", "1-10:2%5"));
  EXPECT_THAT(Translated({"-J", "[1-3]"}), ElementsAre("--array", "1-3"));
  EXPECT_THAT(Translated({"-J", "nf-foo_(1)"}), ElementsAre("--name", "nf-foo_(1)"));
}

TEST(SubmitDirectives, ResourceStrings) {
  EXPECT_THAT(Translated({"-R", "select[mem>=4096MB] rusage[mem=4096MB]"}),
              ElementsAre("--memory", "4294967296"));
  EXPECT_THAT(Translated({"-R", "rusage[mem=100] span[hosts=1]"}), ElementsAre("--memory", "104857600"));
  EXPECT_THAT(Translated({"-R", "span[hosts=1]"}), IsEmpty());
  for (const char* text :
       {"span[ptile=4]", "select[type==any]", "rusage[mem=1:lic=2]", "mem > 100", "rusage[mem="}) {
    EXPECT_THAT(Translated({"-R", text}), ElementsAre("error", HasSubstr("-R"))) << text;
  }
}

TEST(SubmitDirectives, OursStayAsTheyAre) {
  EXPECT_THAT(Translated({"-c", "2", "-m", "4G", "-t", "1h", "--retry", "3"}),
              ElementsAre("-c", "2", "-m", "4G", "-t", "1h", "--retry", "3"));
}

TEST(SubmitDirectives, BeginTimesAreLocalOrOurs) {
  setenv("TZ", "UTC", 1);
  tzset();
  EXPECT_THAT(Translated({"-b", "2031:11:21:10:30"}), ElementsAre("--begin", "2031-11-21T10:30:00Z"));
  EXPECT_THAT(Translated({"-b", "10:30"}), ElementsAre("--begin", HasSubstr("T10:30:00Z")));
  EXPECT_THAT(Translated({"-b", "+15m"}), ElementsAre("--begin", "+15m"));
  // No such moment: as it stands, so that it is refused with what was written.
  for (const char* text :
       {"2:30:99:99", "2031:2:31:10:30", "24:00", "10:60", "2031:13:1:0:00", "2031:0:1:0:00"})
    EXPECT_THAT(Translated({"-b", text}), ElementsAre("--begin", text));
  setenv("TZ", "Europe/Berlin", 1);
  tzset();
  EXPECT_THAT(Translated({"-b", "2027:3:28:2:30"}), ElementsAre("--begin", "2027:3:28:2:30"));
  EXPECT_THAT(Translated({"-b", "2027:3:28:3:30"}), ElementsAre("--begin", "2027-03-28T01:30:00Z"));
  setenv("TZ", "UTC", 1);
  tzset();
}

TEST(SubmitDirectives, BadMinutesAreRefused) {
  for (const char* text : {"", "x", "-1", "1:x", "0", "1:2:3"}) {
    EXPECT_THAT(Translated({"-W", text}), ElementsAre("error", HasSubstr("-W"))) << text;
  }
}

TEST(SubmitDirectives, OfAWholeScript) {
  const auto arguments = DirectiveArguments(SubmitManual(),
                                            "#!/bin/bash\n"
                                            "#BSUB -J work[1-10]%2 -q high\n"
                                            "#BSUB --tag a=b\n"
                                            "  #BSUB -W 1:00  # an hour\n"
                                            "echo hi\n"
                                            "#BSUB -q low\n");
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_EQ(arguments->Get("name"), "work");
  EXPECT_EQ(arguments->Get("array"), "1-10%2");
  EXPECT_EQ(arguments->Get("queue"), "high");
  EXPECT_EQ(arguments->Get("time"), "3600s");
}

TEST(SubmitDirectives, ErrorsNameTheLine) {
  const auto unknown = DirectiveArguments(SubmitManual(), "#!/bin/sh\n\n#BSUB --prioritty 5\n");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("script line 3"));
  EXPECT_THAT(unknown.error().message, HasSubstr("did you mean '--priority'?"));
  const auto word = DirectiveArguments(SubmitManual(), "#BSUB -J a b\n");
  ASSERT_FALSE(word);
  EXPECT_THAT(word.error().message, HasSubstr("'b' is not an option"));
  EXPECT_THAT(DirectiveArguments(SubmitManual(), "#!/bin/sh\r\n").error().message, HasSubstr("dos2unix"));
}

TEST(SubmitDirectives, TheCommandLineWins) {
  Arguments script;
  script.Add("queue", "low");
  script.Add("time", "5s");
  script.Add("tag", "a=1");
  Arguments over;
  over.Add("queue", "high");
  over.Add("tag", "b=2");
  const Arguments merged = Merge(script, over);
  EXPECT_EQ(merged.Get("queue"), "high");
  EXPECT_EQ(merged.Get("time"), "5s");
  EXPECT_THAT(merged.All("tag"), ElementsAre("a=1", "b=2"));
}

}  // namespace
}  // namespace bsub::cli
