#include "cli/definition_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(DefinitionFile, ReadsYaml) {
  const auto definition = ParseDefinitionFile(R"(
name: align
command: [./align, Ref::sample]
parameters: {sample: none}
cpus: 2
memory: 4G
walltime: 1h30m
priority: -3
retry: {attempts: 3, rules: ["exit=137:retry"]}
environment: {LC_ALL: C}
workdir: /data
tags: {team: genomics}
)",
                                              "align.yaml");
  ASSERT_TRUE(definition) << definition.error().message;
  EXPECT_EQ(definition->name(), "align");
  EXPECT_THAT(definition->command(), ElementsAre("./align", "Ref::sample"));
  EXPECT_EQ(definition->parameters().at("sample"), "none");
  EXPECT_EQ(definition->resources().cpu_milli(), 2000);
  EXPECT_EQ(definition->resources().mem_bytes(), 4LL << 30);
  EXPECT_EQ(definition->walltime_us(), 5'400'000'000);
  EXPECT_EQ(definition->priority(), -3);
  EXPECT_EQ(definition->retry().attempts(), 3);
  EXPECT_EQ(definition->retry().evaluate_on_exit(0).on_exit_code(), "137");
  EXPECT_EQ(definition->environment().at("LC_ALL"), "C");
  EXPECT_EQ(definition->working_directory(), "/data");
  EXPECT_EQ(definition->tags().at("team"), "genomics");
}

TEST(DefinitionFile, ReadsJsonAndShellLines) {
  const auto definition =
      ParseDefinitionFile(R"({"name": "x", "command": "echo hi | wc", "retry": 2})", "x.json");
  ASSERT_TRUE(definition) << definition.error().message;
  EXPECT_THAT(definition->command(), ElementsAre("/bin/sh", "-c", "echo hi | wc"));
  EXPECT_EQ(definition->resources().cpu_milli(), 1000);
  EXPECT_EQ(definition->retry().attempts(), 2);
}

TEST(DefinitionFile, AnUnknownKeyIsNamedWithItsLine) {
  const auto definition = ParseDefinitionFile("name: x\ncommand: [a]\nmemroy: 4G\n", "x.yaml");
  ASSERT_FALSE(definition);
  EXPECT_THAT(definition.error().message, StartsWith("x.yaml:3: "));
  EXPECT_THAT(definition.error().message, HasSubstr("did you mean 'memory'?"));
}

TEST(DefinitionFile, BadValuesAndBadYaml) {
  for (const char* text :
       {"name: x\ncommand: [a]\nmemory: much\n", "name: x\ncommand: {a: b}\n", "name: x\n", "name: [x\n", "",
        "name: x\ncommand: [a]\nretry: 11\n", "name: x\ncommand: [a]\nretry: {rules: 3}\n", "- x\n"}) {
    const auto definition = ParseDefinitionFile(text, "f");
    ASSERT_FALSE(definition) << text;
    EXPECT_THAT(definition.error().message, StartsWith("f:")) << text;
  }
}

}  // namespace
}  // namespace bsub::cli
