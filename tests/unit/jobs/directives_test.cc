#include "jobs/directives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The words of all directives in a row.
std::vector<std::string> Words(std::string_view script) {
  const auto directives = ParseDirectives(script);
  EXPECT_TRUE(directives) << directives.error().message;
  std::vector<std::string> out;
  for (const Directive& directive : directives.value()) {
    out.insert(out.end(), directive.words.begin(), directive.words.end());
  }
  return out;
}

std::string DirectivesError(std::string_view script) {
  const auto directives = ParseDirectives(script);
  return directives ? "parsed" : directives.error().message;
}

TEST(ParseDirectives, ReadsTheLeadingCommentBlock) {
  const auto directives =
      ParseDirectives("#!/bin/bash\n# my job\n\n#BSUB -J align -n 4\n#BSUB -q long\necho hi\n#BSUB -x\n");
  ASSERT_TRUE(directives);
  ASSERT_EQ(directives->size(), 2u);
  EXPECT_EQ((*directives)[0].line, 4);
  EXPECT_THAT((*directives)[0].words, ElementsAre("-J", "align", "-n", "4"));
  EXPECT_EQ((*directives)[1].line, 5);
  EXPECT_THAT((*directives)[1].words, ElementsAre("-q", "long"));
}

// Each of these stands in a template that real tools write.
TEST(ParseDirectives, IsLenientWhereTemplatesNeedIt) {
  EXPECT_THAT(Words("#BSUB-J name[1-3]\n"), ElementsAre("-J", "name[1-3]"));
  EXPECT_THAT(Words("   #BSUB -n 2\n"), ElementsAre("-n", "2"));
  EXPECT_THAT(Words("#BSUB -W 60 # an hour\n"), ElementsAre("-W", "60"));
  EXPECT_THAT(Words("#BSUB -H\n#BSUB -N"), ElementsAre("-H", "-N"));
  EXPECT_THAT(Words("#BSUB -q = foo\n"), ElementsAre("-q", "foo"));
  EXPECT_THAT(Words("#BSUB -J nf-align_(1)\n"), ElementsAre("-J", "nf-align_(1)"));
  EXPECT_THAT(Words("#BSUB -x\n"), ElementsAre("-x"));
}

TEST(ParseDirectives, QuotesGroupAndNothingElseIsSpecial) {
  EXPECT_THAT(Words("#BSUB -R \"select[mem>1] rusage[mem=1]\"\n"),
              ElementsAre("-R", "select[mem>1] rusage[mem=1]"));
  EXPECT_THAT(Words("#BSUB -R\"span[hosts=1]\"\n"), ElementsAre("-Rspan[hosts=1]"));
  EXPECT_THAT(Words("#BSUB -w 'done(1) && done(2)'\n"), ElementsAre("-w", "done(1) && done(2)"));
  EXPECT_THAT(Words("#BSUB -J \"it's # here\"\n"), ElementsAre("-J", "it's # here"));
  EXPECT_THAT(Words("#BSUB -J a$HOME;b|c\\n`d`\n"), ElementsAre("-J", "a$HOME;b|c\\n`d`"));
  EXPECT_THAT(Words("#BSUB -P \"\" -J a#b\n"), ElementsAre("-P", "", "-J", "a#b"));
}

TEST(ParseDirectives, OnlyALoneEqualsBehindAnOptionIsSkipped) {
  EXPECT_THAT(Words("#BSUB -env A=1 -J =x\n"), ElementsAre("-env", "A=1", "-J", "=x"));
  EXPECT_THAT(Words("#BSUB -J a = b\n"), ElementsAre("-J", "a", "=", "b"));
  EXPECT_THAT(Words("#BSUB -J \"=\"\n"), ElementsAre("-J", "="));
}

TEST(ParseDirectives, OtherCommentsAreNotDirectives) {
  EXPECT_THAT(Words("# BSUB -J a\n##BSUB -J b\n#bsub -J c\n#BSUB J d\n#BSUBX -J e\n#SBATCH -J f\n"),
              IsEmpty());
  EXPECT_THAT(Words(""), IsEmpty());
  EXPECT_THAT(Words("echo hi\n#BSUB -J late\n"), IsEmpty());
}

TEST(ParseDirectives, AnUnclosedQuoteNamesItsLine) {
  EXPECT_EQ(DirectivesError("#!/bin/sh\n#BSUB -J \"abc\n"),
            "script line 2: the quote \" before 'abc' is not closed");
}

TEST(ParseDirectives, WindowsLineEndsAreExplained) {
  EXPECT_THAT(DirectivesError("#!/bin/sh\r\n#BSUB -J a\r\n"), HasSubstr("script line 1: ends in CR LF"));
  EXPECT_THAT(DirectivesError("#!/bin/sh\n#BSUB -J a\r\n"), HasSubstr("script line 2"));
  EXPECT_THAT(DirectivesError("echo hi\r\n"), HasSubstr("dos2unix FILE or sed -i 's/\\r$//' FILE"));
  EXPECT_EQ(DirectivesError("#!/bin/sh\necho hi\nprintf 'a\r\nb'\n"), "parsed")
      << "the body's bytes are the user's business";
}

TEST(ParseDirectives, NulAndByteOrderMarkAreExplained) {
  using namespace std::string_view_literals;
  EXPECT_THAT(DirectivesError("#!/bin/sh\necho \0hi\n"sv),
              HasSubstr("script line 2: holds a NUL byte (offset 15)"));
  EXPECT_THAT(DirectivesError("\xef\xbb\xbf#!/bin/sh\n"), HasSubstr("byte order mark"));
}

TEST(ScriptInterpreter, IsWhatTheFirstLineSays) {
  EXPECT_THAT(ScriptInterpreter("#!/bin/bash -e\necho\n").value(), ElementsAre("/bin/bash", "-e"));
  EXPECT_THAT(ScriptInterpreter("#! /usr/bin/env  python3\n").value(),
              ElementsAre("/usr/bin/env", "python3"));
  EXPECT_THAT(ScriptInterpreter("#!/bin/sh").value(), ElementsAre("/bin/sh"));
}

TEST(ScriptInterpreter, IsTheShellWithoutAFirstLine) {
  EXPECT_THAT(ScriptInterpreter("#BSUB-J a\necho\n").value(), ElementsAre("/bin/sh"));
  EXPECT_THAT(ScriptInterpreter("echo\n").value(), ElementsAre("/bin/sh"));
  EXPECT_THAT(ScriptInterpreter("\n#!/bin/bash\n").value(), ElementsAre("/bin/sh"));
  EXPECT_THAT(ScriptInterpreter("").value(), ElementsAre("/bin/sh"));
}

TEST(ScriptInterpreter, MistakesAreExplained) {
  EXPECT_THAT(ScriptInterpreter("#!\n").error().message, HasSubstr("names no interpreter"));
  EXPECT_THAT(ScriptInterpreter("#!python3\n").error().message,
              HasSubstr("write for example #!/usr/bin/env python3"));
  EXPECT_THAT(ScriptInterpreter("#!/bin/sh\r\n").error().message, HasSubstr("CR LF"));
}

}  // namespace
}  // namespace bsub
