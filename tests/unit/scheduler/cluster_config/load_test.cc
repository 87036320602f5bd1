#include "scheduler/cluster_config/load.h"

#include <gmock/gmock.h>

namespace bsub::cluster_config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kLevels =
    "levels:\n"                                                        // 1
    "  - {name: zone, latency: 9us, bandwidth: 1GB/s}\n"               // 2
    "  - {name: rack, latency: 5us, bandwidth: 1GB/s}\n"               // 3
    "  - {name: node, latency: 1us, bandwidth: 9GB/s}\n";              // 4
constexpr const char* kTypes = "types: {t: {cpus: 2, memory: 1G}}\n";  // 5

std::string Good(const std::string& tree) { return std::string(kLevels) + kTypes + tree; }

std::vector<std::string> Names(const ParsedConfig& parsed) {
  std::vector<std::string> names;
  if (!parsed.config.topology) return names;
  const sched::Topology& t = *parsed.config.topology;
  for (sched::NodeIndex i = 0; i < t.node_count(); ++i)
    names.push_back(t.at(t.node(i).rack).name + "/" + t.node(i).name);
  return names;
}

TEST(LoadClusterConfig, RangesAreDealtOutInOrder) {
  const auto parsed = ParseClusterConfig(Good("tree:\n  - name: r[1-2]\n    nodes: n[1-4]\n"));
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_THAT(Names(parsed), ElementsAre("r1/n1", "r1/n2", "r2/n3", "r2/n4"));
}

TEST(LoadClusterConfig, NodesCanBeCounted) {
  EXPECT_THAT(Names(ParseClusterConfig(Good("tree:\n  - name: r[1-2]\n    nodes: 2\n"))),
              ElementsAre("r1/r1-1", "r1/r1-2", "r2/r2-1", "r2/r2-2"));
}

TEST(LoadClusterConfig, FeaturesAndTypesAreInherited) {
  const auto parsed =
      ParseClusterConfig(std::string(kLevels) +
                         "types: {t: {cpus: 2, memory: 1G}, u: {cpus: 4, memory: 1G, gpus: 1}}\n"
                         "tree:\n  type: t\n  features: [a]\n  under:\n"
                         "    - {name: r1, nodes: x}\n    - {name: r2, nodes: y, type: u, features: b}\n");
  ASSERT_THAT(parsed.problems, IsEmpty());
  const sched::Topology& t = *parsed.config.topology;
  EXPECT_TRUE(t.HasFeature(0, "a") && t.HasFeature(0, "t") && !t.HasFeature(0, "b"));
  EXPECT_TRUE(t.HasFeature(1, "a") && t.HasFeature(1, "u") && t.HasFeature(1, "b"));
  EXPECT_EQ(t.types()[t.node(1).type].resources.gpus, 1);
}

struct Bad {
  std::string text;
  int line;
  const char* message;
};

TEST(LoadClusterConfig, SaysWhatIsWrongAndWhere) {
  const std::vector<Bad> cases = {
      {"", 0, "expected 'key: value' lines"},
      {"- a\n", 0, "expected 'key: value' lines"},
      {"name: [\n", 2, "not YAML"},
      {"nmae: x\n", 1, "unknown key 'nmae'; did you mean 'name'?"},
      {"name: x\nname: y\n", 2, "key 'name' is given twice; first on line 1"},
      {"name: a/b\n", 1, "the name 'a/b' is not possible"},
      {"licences: {matlab: many}\n", 1, "licences: matlab: "},
      {"durable_paths: [fsx]\n", 1, "'fsx': expected an absolute path"},
      {"maintenance: []\n", 1, "maintenance: needs nodes"},
      {kLevels, 1, "types is missing"},
      {std::string(kLevels) + kTypes, 1, "tree is missing"},
      {Good("tree:\n  - nodes: n1\n"), 7, "name is missing"},
      {Good("tree:\n  - name: r1\n"), 7, "'r1' has nothing below it"},
      {Good("tree:\n  - name: r[1-2]\n    nodes: n[1-3]\n"), 7,
       "3 names, which cannot be dealt out evenly to 2"},
      {Good("tree:\n  - name: r1\n    nodes: n1\n  - name: r2\n    nodes: n1\n"), 9,
       "node name 'n1' is given twice"},
      {Good("tree:\n  - name: r1\n    nodes: n1\n    type: u\n"), 7, "there is no type 'u'"},
      {Good("tree:\n  - name: r1\n    nodes: n1\n    under: []\n"), 9, "is not possible beside nodes"},
      {Good("tree:\n  - name: r1\n    under:\n      - name: r2\n        nodes: n1\n"), 9,
       "deeper than there are levels"},
      {Good("tree:\n  nodes: n1\n"), 6, "expected a rack"},
      {Good("tree: n1\n"), 6, "expected 'key: value' lines"},
      {Good("generate: {fat-tree: {}}\ntree: []\n"), 6, "is not possible beside tree"},
      {Good("generate: {fat-tree: {k: 4}}\n"), 1, "makes 4 levels, not 3"},
      {"generate: {fat-tree: {k: 5}}\n" + std::string(kTypes), 1, "expected an even number"},
      {"levels:\n  - {name: a, latency: 5, bandwidth: 1GB/s}\n", 2, "'5': expected a latency"},
      {"levels:\n  - {name: a, latency: 5us}\n", 2, "bandwidth is missing"},
      {"levels:\n  - {name: a, fabric: eth, latency: 5us, bandwidth: 1GB/s}\n", 2,
       "there is no fabric 'eth'"},
      {"types: {t: {cpus: 2}}\n", 1, "memory is missing"},
      {"types:\n  t: {cpus: 2, memory: 1G, speed: 3}\n", 2, "unknown key 'speed'"},
      {"types:\n  t: {cpus: 2, memory: 1G, interruptible: maybe}\n", 2, "expected true or false"},
  };
  for (const Bad& bad : cases) {
    const ParsedConfig parsed = ParseClusterConfig(bad.text);
    bool found = false;
    std::string all;
    for (const Problem& problem : parsed.problems) {
      all += std::to_string(problem.line) + ": " + problem.text + "\n";
      found = found || (problem.line == bad.line && problem.text.find(bad.message) != std::string::npos);
    }
    EXPECT_TRUE(found) << bad.text << "expected " << bad.line << ": " << bad.message << "\n" << all;
  }
}

TEST(LoadClusterConfig, MaintenanceIsChecked) {
  const std::string tree = "tree:\n  - name: r1\n    nodes: n[1-2]\n";  // 6 to 8
  const auto first = [&](const std::string& body) {
    const auto parsed = ParseClusterConfig(Good(tree) + "maintenance:\n" + body);
    return parsed.problems.empty() ? std::string("accepted") : parsed.problems.front().text;
  };
  const std::string rest = ", start: 2026-12-01 22:00, length: 1h}\n";
  EXPECT_EQ(first("  - {name: a, nodes: r1, time_zone: UTC" + rest), "accepted");
  EXPECT_THAT(first("  - {name: a, nodes: r9, time_zone: UTC" + rest), HasSubstr("no node or switch 'r9'"));
  EXPECT_THAT(first("  - {name: a, nodes: r1, time_zone: Mars" + rest), HasSubstr("no time zone 'Mars'"));
  EXPECT_THAT(first("  - {name: a, nodes: r1" + rest), HasSubstr("time_zone is missing"));
  EXPECT_THAT(first("  - {name: a, nodes: r1, time_zone: UTC, every: year" + rest),
              HasSubstr("once, day, week or month"));
  EXPECT_THAT(first("  - {name: a, nodes: r1, time_zone: UTC" + rest +
                    "  - {name: a, nodes: r1, time_zone: UTC" + rest),
              HasSubstr("'a' is given twice"));
}

TEST(LoadClusterConfig, LimitsHold) {
  ConfigLimits limits;
  limits.max_nodes = 3;
  limits.max_switches = 4;
  const auto text = [&](const std::string& tree) {
    const auto parsed = ParseClusterConfig(Good(tree), limits);
    return parsed.problems.empty() ? std::string("accepted") : parsed.problems.front().text;
  };
  EXPECT_EQ(text("tree:\n  - name: r[1-3]\n    nodes: 1\n"), "accepted");
  EXPECT_THAT(text("tree:\n  - name: r[1-2]\n    nodes: 2\n"), HasSubstr("more than 3 nodes"));
  EXPECT_THAT(text("tree:\n  - name: r[1-5]\n    nodes: 1\n"), HasSubstr("more than 4 names"));
  EXPECT_THAT(text("tree:\n  - name: r1\n    nodes: n[1-4]\n"), HasSubstr("more than 3 names"));
}

TEST(LoadClusterConfig, TellsItFromAFileOfSettings) {
  EXPECT_FALSE(IsClusterConfig("core:\n  lease: 3s\n"));
  EXPECT_FALSE(IsClusterConfig(""));
  EXPECT_FALSE(IsClusterConfig("["));
  EXPECT_TRUE(IsClusterConfig("settings:\n  core:\n    lease: 3s\n"));
  EXPECT_TRUE(IsClusterConfig(Good("")));
  const auto parsed = ParseClusterConfig("settings:\n  core:\n    lease: 3s\n");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_TRUE(parsed.config.has_settings);
  EXPECT_FALSE(parsed.config.topology);
}

TEST(LoadClusterConfig, AFileThatIsNotThere) {
  EXPECT_THAT(LoadClusterConfig("/nonexistent/x.yaml").error().message, HasSubstr("/nonexistent/x.yaml"));
}

}  // namespace
}  // namespace bsub::cluster_config
