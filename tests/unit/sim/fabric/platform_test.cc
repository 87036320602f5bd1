// The modelled network of some nodes, as SimGrid reads it.
#include "sim/fabric/platform.h"

#include <gmock/gmock.h>

#include <vector>

#include "sim/fabric/promise.h"
#include "tests/unit/sim/fabric/two_racks.h"

namespace bsub::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<sched::NodeIndex> Nodes(const sched::Topology& topology, const std::vector<std::string>& names) {
  std::vector<sched::NodeIndex> nodes;
  for (const std::string& name : names) nodes.push_back(topology.FindNode(name).value());
  return nodes;
}

// The ids of the links that a message from one node to another passes.
std::vector<std::string> Way(const std::string& xml, const std::string& from, const std::string& to) {
  const std::string opening = "<route src=\"" + from + "\" dst=\"" + to + "\"";
  const std::size_t begin = xml.find(opening);
  if (begin == std::string::npos) return {"no route"};
  std::string rest = xml.substr(begin, xml.find("</route>", begin) - begin);
  std::vector<std::string> ids;
  const std::string key = "<link_ctn id=\"";
  for (std::size_t at = rest.find(key); at != std::string::npos; at = rest.find(key, at + 1)) {
    const std::size_t id = at + key.size();
    ids.push_back(rest.substr(id, rest.find('"', id) - id));
  }
  return ids;
}

TEST(Platform, AMessagePassesPortsUplinksAndTheLevel) {
  const auto topology = testing::TwoRacksAndOne();
  const std::string xml = PlatformXml(topology, Nodes(topology, {"n1", "n2", "n4", "n7"}), {});
  const std::vector<std::string> rack = {"port:n1", "level:1:ethernet:10000000000", "port:n2"};
  EXPECT_EQ(Way(xml, "n1", "n2"), rack);
  const std::vector<std::string> spine = {"port:n1", "uplink:s1-r1", "level:2:ethernet:10000000000",
                                          "uplink:s1-r2", "port:n4"};
  EXPECT_EQ(Way(xml, "n1", "n4"), spine);
  const std::vector<std::string> zone = {"port:n1", "uplink:s1-r1", "level:3:ethernet:1000000000",
                                         "uplink:s2-r1", "port:n7"};
  EXPECT_EQ(Way(xml, "n1", "n7"), zone);
  EXPECT_EQ(Way(xml, "n1", "n1"), std::vector<std::string>{"memory:n1"});
}

TEST(Platform, LinksSayWhatTheConfigurationSays) {
  const auto topology = testing::TwoRacksAndOne();
  const std::string xml = PlatformXml(topology, Nodes(topology, {"n1", "n4", "n7"}), {});
  EXPECT_THAT(xml, HasSubstr("<link id=\"level:2:ethernet:10000000000\" bandwidth=\"10000000000Bps\" "
                             "latency=\"20000ns\" sharing_policy=\"FATPIPE\"/>"));
  EXPECT_THAT(xml, HasSubstr("<link id=\"uplink:s1-r1\" bandwidth=\"15000000000Bps\" latency=\"0ns\" "
                             "sharing_policy=\"SPLITDUPLEX\"/>"));
  // The node's level has no uplink: its port is as fast as one pair in the rack.
  EXPECT_THAT(xml, HasSubstr("<link id=\"port:n1\" bandwidth=\"10000000000Bps\""));
  // Each is declared once, and nothing of a node that is not among them.
  EXPECT_EQ(xml.find("id=\"uplink:s1-r1\" bandwidth"), xml.rfind("id=\"uplink:s1-r1\" bandwidth"));
  EXPECT_THAT(xml, Not(HasSubstr("n2")));
}

TEST(Platform, AFaultNarrowsItsPortOrUplink) {
  const auto topology = testing::TwoRacksAndOne();
  const std::vector<NetworkFault> faults = {
      {.name = "n1", .bandwidth = 0.25, .extra_latency_ns = 5'000},
      {.name = "s1-r2", .bandwidth = 0.1},
      {.name = "s2",
       .bandwidth = 0.5},  // spines have no uplink of their own: half of what a pair may use above
      {.name = "n9", .bandwidth = 0.5}};
  const std::string xml = PlatformXml(topology, Nodes(topology, {"n1", "n4", "n7"}), faults);
  EXPECT_THAT(xml, HasSubstr("<link id=\"port:n1\" bandwidth=\"2500000000Bps\" latency=\"5000ns\""));
  EXPECT_THAT(xml, HasSubstr("<link id=\"uplink:s1-r2\" bandwidth=\"1500000000Bps\" latency=\"0ns\""));
  EXPECT_THAT(xml, HasSubstr("<link id=\"uplink:s2\" bandwidth=\"500000000Bps\" latency=\"0ns\""));
  EXPECT_THAT(Way(xml, "n4", "n7"), ::testing::Contains("uplink:s2"));
  EXPECT_THAT(xml, Not(HasSubstr("n9")));
}

TEST(Platform, RanksFillOneNodeAfterTheOther) {
  const auto topology = testing::TwoRacksAndOne();
  EXPECT_EQ(HostFile(topology, Nodes(topology, {"n4", "n1"}), 2), "n4\nn4\nn1\nn1\n");
}

TEST(Promise, IsThatOfTheLevelAndTheUplinks) {
  const auto topology = testing::TwoRacksAndOne();
  const auto promise = PromiseOf(topology, topology.FindNode("n1").value(), topology.FindNode("n4").value());
  EXPECT_EQ(promise.latency_ns, 20'000);
  EXPECT_EQ(promise.bandwidth, 10'000'000'000);
  EXPECT_DOUBLE_EQ(PromisedSeconds(promise, 10'000'000), 20e-6 + 1e-3);
}

}  // namespace
}  // namespace bsub::sim
