#include "worker/step/gang.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>

namespace bsub::step {
namespace {

using ::testing::HasSubstr;

std::map<std::string, std::string> VariablesOfTwo() {
  return {{"BSUB_NODE_LIST", "n1,n2"},
          {"BSUB_NODE_ADDRESSES", "10.0.0.1,10.0.0.2"},
          {"BSUB_NODE_INDEX", "1"},
          {"BSUB_GANG_SECRET", std::string(64, 'a')},
          {"BSUB_SCRATCH_DIR", "/dev/shm/x"}};
}

Result<Gang> ParseGang(const std::map<std::string, std::string>& variables) {
  return GangFromEnvironment([&variables](const char* name) -> const char* {
    const auto it = variables.find(name);
    return it == variables.end() ? nullptr : it->second.c_str();
  });
}

TEST(GangOfStep, IsReadFromTheEnvironment) {
  const auto gang = ParseGang(VariablesOfTwo());
  ASSERT_TRUE(gang) << gang.error().message;
  EXPECT_EQ(gang->nodes.size(), 2u);
  EXPECT_EQ(gang->own().name, "n2");
  EXPECT_EQ(gang->own().address, "10.0.0.2");
  EXPECT_EQ(gang->IndexOf("n1"), 0u);
  EXPECT_EQ(gang->IndexOf("n3"), std::nullopt);
}

TEST(GangOfStep, WhatIsMissingIsNamed) {
  for (const auto& [name, value] : VariablesOfTwo()) {
    auto variables = VariablesOfTwo();
    variables.erase(name);
    const auto gang = ParseGang(variables);
    ASSERT_FALSE(gang);
    EXPECT_THAT(gang.error().message, HasSubstr(name + " is not set"));
  }
}

TEST(GangOfStep, ListsThatDoNotAgreeAreRefused) {
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"BSUB_NODE_LIST", "n1"}, {"BSUB_NODE_ADDRESSES", "10.0.0.1"}, {"BSUB_NODE_INDEX", "2"}}) {
    auto variables = VariablesOfTwo();
    variables[name] = value;
    EXPECT_FALSE(ParseGang(variables)) << name;
  }
}

// Thousands of nodes do not fit into a variable.
TEST(GangOfStep, NodesAreReadFromTheFileWhereThereIsOne) {
  const std::string path = testing::TempDir() + "/bsub-nodes-" + std::to_string(getpid());
  std::string lines;
  for (int i = 0; i < 10'000; ++i)
    lines += "node-" + std::to_string(i) + " 10.20." + std::to_string(i / 256) + ".1\n";
  std::ofstream(path) << lines;
  auto variables = VariablesOfTwo();
  variables.erase("BSUB_NODE_LIST");
  variables.erase("BSUB_NODE_ADDRESSES");
  variables["BSUB_NODE_FILE"] = path;
  variables["BSUB_NODE_INDEX"] = "9999";
  const auto gang = ParseGang(variables);
  ASSERT_TRUE(gang) << gang.error().message;
  EXPECT_EQ(gang->nodes.size(), 10'000u);
  EXPECT_EQ(gang->own().name, "node-9999");
  EXPECT_EQ(gang->own().address, "10.20.39.1");
  for (const char* bad : {"", "one\n", "n1 10.0.0.1\nn2\n", "n1 10.0.0.1\nn2"}) {
    std::ofstream(path, std::ios::trunc) << bad;
    const auto refused = ParseGang(variables);
    ASSERT_FALSE(refused) << bad;
    EXPECT_THAT(refused.error().message, HasSubstr("BSUB_NODE_FILE=" + path));
  }
  unlink(path.c_str());
}

TEST(GangOfStep, PatienceIsInSeconds) {
  auto variables = VariablesOfTwo();
  EXPECT_EQ(ParseGang(variables)->patience, std::chrono::minutes(2));
  variables["BSUB_STEP_PATIENCE"] = "600";
  EXPECT_EQ(ParseGang(variables)->patience, std::chrono::minutes(10));
  for (const char* bad : {"", "0", "2m", "-1", "86401", "99999999999999999999"}) {
    variables["BSUB_STEP_PATIENCE"] = bad;
    const auto refused = ParseGang(variables);
    ASSERT_FALSE(refused) << bad;
    EXPECT_THAT(refused.error().message, HasSubstr("BSUB_STEP_PATIENCE"));
  }
}

}  // namespace
}  // namespace bsub::step
