// `bsub-lite config`, and the nodes that `up` takes from a configuration.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/up_config.h"
#include "tests/unit/cli/run_cli.h"
#include "tests/unit/cli/temporary_directory.h"

namespace bsub::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSmall =
    "name: small\n"
    "levels:\n"
    "  - {name: zone, latency: 9us, bandwidth: 1GB/s}\n"
    "  - {name: rack, latency: 5us, bandwidth: 1GB/s}\n"
    "  - {name: node, latency: 1us, bandwidth: 9GB/s}\n"
    "types: {big: {cpus: 8, memory: 2G, gpus: 1, interruptible: true}}\n"
    "tree:\n  - name: r[1-2]\n    nodes: n[1-4]\n";

TEST(ConfigCommandTest, CheckNamesFileLineAndProblem) {
  const TemporaryDirectory directory;
  const std::string good = directory.Write("good.yaml", kSmall);
  const std::string bad = directory.Write("bad.yaml", std::string(kSmall) + "nodes: 3\nlicences: {x: 0}\n");
  CliResult result = CliRun{}({"config", "check", good});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_EQ(result.out, good + ": good, 4 nodes\n");
  result = CliRun{}({"config", "check", good, bad, directory.path() + "/none.yaml"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_THAT(result.err, HasSubstr(bad + ":10: cluster: unknown key 'nodes'"));
  EXPECT_THAT(result.err, HasSubstr(bad + ":11: licences: x: "));
  EXPECT_THAT(result.err, HasSubstr("none.yaml: cannot be read"));
  const auto json = nlohmann::json::parse(CliRun{}({"config", "check", "--json", good, bad}).out);
  EXPECT_EQ(json[0]["nodes"], 4);
  EXPECT_EQ(json[1]["good"], false);
  EXPECT_EQ(json[1]["problems"][0]["line"], 10);
  EXPECT_EQ(CliRun{}({"config", "generate", "--json", "fat-tree"}).code, kExitUsage);
}

TEST(ConfigCommandTest, ShowsLevelsTreeAndJson) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("c.yaml", kSmall);
  EXPECT_THAT(CliRun{}({"config", "show", file}).out,
              HasSubstr("4 nodes of type big: 8 CPUs, 2.0 GiB, 1 GPU, inter"));
  EXPECT_EQ(CliRun{}({"config", "show", "--tree", file}).out,
            "zone small (4 nodes)\n  rack r1: n[1-2]\n  rack r2: n[3-4]\n");
  const auto json = nlohmann::json::parse(CliRun{}({"config", "show", "--json", file}).out);
  EXPECT_EQ(json["nodes"].size(), 4u);
  EXPECT_EQ(json["nodes"][3]["path"], "small/r2");
  EXPECT_EQ(json["levels"][0]["links"][0]["latencyNs"], 9000);
  EXPECT_EQ(CliRun{}({"config", "show", "--json", "--tree", file}).code, kExitUsage);
}

TEST(ConfigCommandTest, GeneratesWhatItChecks) {
  const TemporaryDirectory directory;
  const CliResult made = CliRun{}({"config", "generate", "fat-tree", "k=4"});
  ASSERT_EQ(made.code, kExitOk) << made.err;
  const std::string file = directory.Write("made.yaml", made.out);
  EXPECT_EQ(CliRun{}({"config", "check", file}).out, file + ": good, 16 nodes\n");
  EXPECT_THAT(CliRun{}({"config", "generate", "fat-tree", "k"}).err, HasSubstr("'k': expected NAME=NUMBER"));
  EXPECT_EQ(CliRun{}({"config", "generate", "fat-tree", "k=3"}).code, kExitUsage);
}

TEST(UpConfiguration, NamesTheNodesToStart) {
  const TemporaryDirectory directory;
  UpRequest request;
  request.config = directory.Write("c.yaml", kSmall);
  ASSERT_TRUE(TakeConfiguredNodes(64, request));
  ASSERT_EQ(request.named.size(), 4u);
  EXPECT_EQ(request.named[3], (LocalNode{"n4", 8000, std::int64_t{2} << 30, 1, true}));
  request.named.clear();
  request.nodes = 2;
  ASSERT_TRUE(TakeConfiguredNodes(2, request));
  EXPECT_EQ(request.named.size(), 2u);
}

TEST(UpConfiguration, MoreThanThisMachineMayHaveAreRefused) {
  const TemporaryDirectory directory;
  UpRequest request;
  request.config = directory.Write("c.yaml", kSmall);
  EXPECT_EQ(
      TakeConfiguredNodes(3, request).error().message,
      *request.config +
          " has 4 nodes; at most 3 are started on this machine. Start the first of them with --nodes N, or "
          "more with --max-local-nodes N");
  request.nodes = 5;
  EXPECT_THAT(TakeConfiguredNodes(64, request).error().message, HasSubstr("--nodes 5: "));
  request.config = directory.Write("bad.yaml", std::string(kSmall) + "x: 1\n");
  EXPECT_THAT(TakeConfiguredNodes(64, request).error().message, HasSubstr("bad.yaml:10: "));
}

TEST(UpConfiguration, SettingsAloneNameNoNodes) {
  const TemporaryDirectory directory;
  UpRequest request;
  for (const char* text : {"core:\n  lease: 3s\n", "settings:\n  core:\n    lease: 3s\n", ""}) {
    request.config = directory.Write("s.yaml", text);
    EXPECT_TRUE(TakeConfiguredNodes(64, request)) << text;
    EXPECT_THAT(request.named, IsEmpty());
  }
}

}  // namespace
}  // namespace bsub::cli
