// A drawn day: what its description says of it, and that a cluster runs it without giving anything away
// twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "sim/day/day_command.h"
#include "sim/day/day_run.h"
#include "sim/day/day_workload.h"

namespace bsub::sim {
namespace {

constexpr std::int64_t kNodes = 40, kCpus = 16;

DayOptions SmallDay(std::uint64_t seed) {
  return {.jobs = 3000, .seed = seed, .load_percent = 90, .nodes = kNodes, .node_cpus = kCpus};
}

std::shared_ptr<const sched::Topology> SmallCluster() {
  const sched::Link link{.latency_ns = 1000, .bandwidth = 1'000'000'000};
  auto builder = sched::TopologyBuilder::Make("small", {{.name = "cluster", .links = {link}},
                                                        {.name = "rack", .links = {link}},
                                                        {.name = "node", .links = {link}}});
  const auto type = builder->AddType({.name = "cpu", .resources = {kCpus * 1000, kCpus << 30, 0}});
  for (std::int64_t rack = 0; rack < kNodes / 8; ++rack) {
    const auto handle = builder->AddSwitch(sched::TopologyBuilder::kTop, "rack" + std::to_string(rack));
    for (std::int64_t i = 0; i < 8; ++i) {
      const std::string name = "n" + std::to_string(rack * 8 + i);
      EXPECT_TRUE(builder->AddNode(*handle, {.name = name, .type = *type, .features = {}}));
    }
  }
  return std::make_shared<const sched::Topology>(*std::move(*builder).Build());
}

ReplayPolicy Policy(std::string_view name) { return *FindReplayPolicy(name); }

TEST(Day, IsTheSameForTheSameSeedOnly) {
  const auto same = [](const DayJob& a, const DayJob& b) {
    return a.submit == b.submit && a.run == b.run && a.limit == b.limit && a.nodes == b.nodes &&
           a.cpus == b.cpus && a.user == b.user;
  };
  const auto first = MakeDay(SmallDay(1)), again = MakeDay(SmallDay(1)), other = MakeDay(SmallDay(2));
  EXPECT_TRUE(std::equal(first.begin(), first.end(), again.begin(), again.end(), same));
  EXPECT_FALSE(std::equal(first.begin(), first.end(), other.begin(), other.end(), same));
}

TEST(Day, IsAsDescribed) {
  const auto jobs = MakeDay({.jobs = 20'000, .seed = 7, .load_percent = 75, .nodes = 1000, .node_cpus = 64});
  double work = 0;
  std::size_t afternoon = 0, night = 0;
  for (const DayJob& job : jobs) {
    ASSERT_TRUE(job.submit >= 0 && job.submit < kDaySeconds);
    ASSERT_TRUE(job.run >= 1 && job.run <= 12 * 3600);
    ASSERT_GE(job.limit, job.run);
    ASSERT_TRUE(job.nodes >= 1 && job.nodes <= 64);
    ASSERT_TRUE(job.cpus >= 1 && job.cpus <= 64);
    ASSERT_TRUE(job.nodes == 1 || job.cpus == 64) << "gangs have whole nodes";
    work += static_cast<double>(job.run) * job.nodes * job.cpus;
    afternoon += job.submit >= 12 * 3600 && job.submit < 16 * 3600;
    night += job.submit < 4 * 3600;
  }
  EXPECT_TRUE(std::is_sorted(jobs.begin(), jobs.end(),
                             [](const DayJob& a, const DayJob& b) { return a.submit < b.submit; }));
  EXPECT_GT(afternoon, 2 * night);
  // Runs are cut at 12 hours, so a little is missing.
  const double wanted = 0.75 * kDaySeconds * 64 * 1000;
  EXPECT_GT(work, 0.7 * wanted);
  EXPECT_LE(work, 1.01 * wanted);
}

class DayUnder : public testing::TestWithParam<const char*> {};

TEST_P(DayUnder, StartsEverythingOnceAndNeverMoreThanThereIs) {
  const auto jobs = MakeDay(SmallDay(3));
  const DayResult result = RunDay(jobs, SmallCluster(), Policy(GetParam()));
  std::map<std::int64_t, std::int64_t> changes;  // of the CPUs in use
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_GE(result.starts[i], jobs[i].submit) << "job " << i;
    changes[result.starts[i]] += std::int64_t{jobs[i].nodes} * jobs[i].cpus;
    changes[result.starts[i] + jobs[i].run] -= std::int64_t{jobs[i].nodes} * jobs[i].cpus;
  }
  std::int64_t used = 0;
  for (const auto& [at, change] : changes) {
    used += change;
    ASSERT_LE(used, kNodes * kCpus) << "at " << at;
  }
  EXPECT_GT(result.longest_queue, 0) << "nothing ever waited: the day shows too little";
  EXPECT_EQ(RunDay(jobs, SmallCluster(), Policy(GetParam())).starts, result.starts);
}

INSTANTIATE_TEST_SUITE_P(Policies, DayUnder, testing::Values("fcfs", "easy", "sjbf", "default"));

TEST(DayCommand, SaysWhatItCannotUse) {
  std::ostringstream out, err;
  EXPECT_EQ(DayCommand({"--jobs", "10"}, out, err, 0), 2);
  EXPECT_NE(err.str().find("--config cluster-configs/large.yaml"), std::string::npos) << err.str();
  EXPECT_EQ(DayCommand({"--config", "/nowhere.yaml"}, out, err, 0), 1);
  EXPECT_EQ(DayCommand({"--config", "x", "--jobs", "0"}, out, err, 0), 2);
  EXPECT_EQ(DayCommand({"--config", "x", "--policy", "easy-perfect"}, out, err, 0), 2);
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace bsub::sim
