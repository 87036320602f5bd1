#include "cli/supervisor/cluster_file.h"

#include <gmock/gmock.h>

namespace bsub::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(ClusterFileText, IsReadBackAsWritten) {
  ClusterFile cluster{.nodes = 3,
                      .cpu_milli = 2500,
                      .mem_bytes = 1 << 30,
                      .config = "/etc/c.yaml",
                      .supervisor = {},
                      .named = {}};
  cluster.supervisor.task_stop = 2s;
  cluster.supervisor.backoff.last = 700ms;
  cluster.supervisor.log_bytes = 0;
  cluster.supervisor.log_look = 3s;
  cluster.supervisor.spawner_options = {"--output-retention", "7d"};
  const auto read = ParseClusterFile(ToJson(cluster));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(ToJson(*read), ToJson(cluster));
  EXPECT_EQ(read->supervisor.task_stop, 2s);
  EXPECT_EQ(read->supervisor.backoff.last, 700ms);
  EXPECT_EQ(read->supervisor.log_bytes, 0);
  EXPECT_EQ(read->supervisor.log_look, 3s);
  EXPECT_THAT(read->supervisor.spawner_options, ElementsAre("--output-retention", "7d"));
  EXPECT_EQ(read->supervisor.agent_stop, SupervisorSettings{}.agent_stop);
  EXPECT_THAT(read->NodeNames(), ElementsAre("n1", "n2", "n3"));
}

TEST(ClusterFileText, DefaultsAreNotWritten) {
  EXPECT_THAT(ToJson(ClusterFile{}), testing::Not(HasSubstr("supervisor")));
}

TEST(ClusterFileText, NamedNodesAreKept) {
  ClusterFile cluster{
      .nodes = 2, .cpu_milli = 1000, .mem_bytes = 0, .config = "/c.yaml", .supervisor = {}, .named = {}};
  cluster.named = {{"a01", 72'000, 1 << 30, 4, true}, {"b01", 1'000, 1 << 20, 0, false}};
  EXPECT_THAT(ToJson(cluster), HasSubstr("\"format\": 2"));  // older versions must not start other nodes
  const auto read = ParseClusterFile(ToJson(cluster));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->named, cluster.named);
  EXPECT_THAT(read->NodeNames(), ElementsAre("a01", "b01"));
}

struct BadFile {
  const char* text;
  const char* message;
};

TEST(ClusterFileText, SaysWhatIsWrong) {
  const BadFile cases[] = {
      {"", "not a JSON object"},
      {"[1]", "not a JSON object"},
      {"{\"nodes\": 2}", "format is 0, this version reads 1 and 2"},
      {"{\"format\": 3, \"nodes\": 2}", "format is 3, this version reads 1 and 2"},
      {"{\"format\": 2, \"nodes\": 2, \"namedNodes\": [{\"name\": \"a\"}]}", "expected a list of 2 nodes"},
      {"{\"format\": 2, \"nodes\": 1, \"namedNodes\": [{}]}", "expected a node with its name"},
      {"{\"format\": 1}", "nodes is missing"},
      {"{\"format\": 1, \"nodes\": 0}", "nodes is 0, expected a number from 1 to 1000"},
      {"{\"format\": 1, \"nodes\": \"two\"}", "nodes is \"two\", expected a number"},
      {"{\"format\": 1, \"nodes\": 1, \"cpuMilli\": 0}", "cpuMilli is 0"},
      {"{\"format\": 1, \"nodes\": 1, \"config\": 3}", "config is not a path"},
      {"{\"format\": 1, \"nodes\": 1, \"supervisor\": {\"taskStopMs\": -1}}", "taskStopMs is -1"},
      {"{\"format\": 1, \"nodes\": 1, \"supervisor\": {\"logBytes\": -1}}", "logBytes is -1"},
      {"{\"format\": 1, \"nodes\": 1, \"supervisor\": {\"logLookMs\": 0}}", "logLookMs is 0"},
      {"{\"format\": 1, \"nodes\": 1, \"supervisor\": {\"agentOptions\": [1]}}",
       "agentOptions is [1], expected a list of words"},
  };
  for (const BadFile& bad : cases) {
    const auto read = ParseClusterFile(bad.text);
    ASSERT_FALSE(read) << bad.text;
    EXPECT_THAT(read.error().message, HasSubstr(bad.message)) << bad.text;
  }
}

}  // namespace
}  // namespace bsub::cli
