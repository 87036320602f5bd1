#include "jobs/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace bsub {
namespace {

using testing::HasSubstr;

JobDefinition Align() {
  JobDefinition definition;
  definition.name = "align";
  definition.revision = 1;
  definition.command = {"bwa", "mem", "Ref::genome"};
  definition.parameters = {{"genome", "hg38.fa"}};
  return definition;
}

TEST(Substitute, ReplacesReferencesAnywhereInTheText) {
  const std::map<std::string, std::string> values = {{"in", "a.fq"}, {"in-2", "b.fq"}, {"empty", ""}};
  EXPECT_EQ(Substitute("Ref::in", values), "a.fq");
  EXPECT_EQ(Substitute("--x=Ref::in,Ref::in-2", values), "--x=a.fq,b.fq");
  EXPECT_EQ(Substitute("[Ref::empty]", values), "[]");
  EXPECT_EQ(Substitute("plain", values), "plain");
  EXPECT_EQ(Substitute("", values), "");
}

TEST(Substitute, AReferenceWithoutValueStays) {
  const std::map<std::string, std::string> values = {{"in", "a.fq"}};
  EXPECT_EQ(Substitute("Ref::out Ref::in", values), "Ref::out a.fq");
  EXPECT_EQ(Substitute("Ref::input", values), "Ref::input") << "the longest name counts";
  EXPECT_EQ(Substitute("Ref:: Ref::", values), "Ref:: Ref::");
}

TEST(Substitute, ValuesAreNotReadAgain) {
  EXPECT_EQ(Substitute("Ref::a", {{"a", "Ref::b Ref::a"}, {"b", "x"}}), "Ref::b Ref::a");
}

TEST(ParseDefinitionRef, IsANameWithOrWithoutRevision) {
  EXPECT_EQ(ParseDefinitionRef("align").value().name, "align");
  EXPECT_EQ(ParseDefinitionRef("align").value().revision, std::nullopt);
  EXPECT_EQ(ParseDefinitionRef("align:12").value().revision, 12);
  for (const char* text :
       {"", ":1", "align:", "align:0", "align:x", "align:1x", "align:99999999999", "a b", "a:1:2"}) {
    EXPECT_FALSE(ParseDefinitionRef(text)) << text;
  }
}

struct Case {
  std::string_view message;
  std::function<void(JobDefinition&)> break_it;
};

TEST(ValidateDefinition, NamesTheFieldThatIsWrong) {
  EXPECT_TRUE(Validate(Align()));
  const std::vector<Case> cases = {
      {"job definition: is empty", [](auto& d) { d.name = ""; }},
      {"not ' '", [](auto& d) { d.name = "a b"; }},
      {"129 bytes long; at most 128", [](auto& d) { d.name = std::string(129, 'a'); }},
      {"command: 'a\\0b' holds a NUL",
       [](auto& d) {
         d.command = {"x", std::string("a\0b", 3)};
       }},
      {"the program's name is empty", [](auto& d) { d.command = {""}; }},
      {"environment: the name 'A=B'",
       [](auto& d) {
         d.environment = {{"A=B", "1"}};
       }},
      {"AWS_BATCH_JOB_ID",
       [](auto& d) {
         d.environment = {{"AWS_BATCH_JOB_ID", "1"}};
       }},
      {"parameter 'a b'",
       [](auto& d) {
         d.parameters = {{"a b", "1"}};
       }},
      {"working directory 'data': must be an absolute path", [](auto& d) { d.working_directory = "data"; }},
      {"CPUs (thousandths) 0", [](auto& d) { d.request.cpu_milli = 0; }},
      {"wall time", [](auto& d) { d.walltime = Duration(-1); }},
      {"priority 1000001", [](auto& d) { d.priority = 1'000'001; }},
      {"attempts 11", [](auto& d) { d.retry.attempts = 11; }},
      {"tag key 'aws:x'",
       [](auto& d) {
         d.tags = {{"aws:x", "1"}};
       }},
  };
  for (const Case& c : cases) {
    JobDefinition definition = Align();
    c.break_it(definition);
    const Status status = Validate(definition);
    ASSERT_FALSE(status) << c.message;
    EXPECT_EQ(status.error().code, Code::kInvalidArgument);
    EXPECT_THAT(status.error().message, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace bsub
