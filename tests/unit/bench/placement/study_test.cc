// The comparison itself, on a network that is as promised.
#include "bench/placement/study.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "bench/placement/busy_nodes.h"
#include "bench/placement/figures.h"
#include "bench/placement/modelled_draws.h"
#include "bench/placement/pictures.h"
#include "bench/placement/report.h"
#include "tests/unit/bench/placement/modelled.h"
#include "tests/unit/sim/fabric/two_racks.h"

namespace bsub::placement {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

double NotWorse(const std::string&, const std::string&, std::uint64_t) { return 1; }

struct Compared {
  sched::Topology topology = testing::TwoRacksAndOne();
  Options options;
  int measured = 0;
  Result<std::vector<PolicyRuns>> study = std::vector<PolicyRuns>();

  Compared(std::uint32_t nodes, std::uint32_t draws, std::uint32_t busy_percent) {
    options.nodes = nodes;
    options.draws = draws;
    options.busy_percent = busy_percent;
    const auto measure = [this](const std::string&, const std::vector<sched::NodeIndex>& chosen) {
      ++measured;
      return Result<Measurements>(testing::AsPromised(topology, chosen, NotWorse));
    };
    auto modelled = ModelledDraws::Make(topology, options, measure);
    if (!modelled) {
      study = modelled.error();
      return;
    }
    const auto place = [&](const std::string& name, const sched::PlacementRequest& request,
                           std::uint32_t draw) { return modelled->Run(name, request, draw); };
    study = ComparePolicies(options, place, [](const std::string&, std::uint32_t) {});
  }
};

TEST(BusyNodes, AreDrawnFairlyAndTheSameAgain) {
  const auto busy = [](const std::vector<sched::NodeRoom>& room) {
    return std::ranges::count(room, sched::NodeRoom::kNone);
  };
  EXPECT_EQ(busy(DrawBusyNodes(100, 25, 8, 1, 0)), 25);
  EXPECT_EQ(busy(DrawBusyNodes(10, 9, 4, 1, 0)), 6);
  EXPECT_EQ(DrawBusyNodes(100, 25, 8, 1, 3), DrawBusyNodes(100, 25, 8, 1, 3));
  EXPECT_NE(DrawBusyNodes(100, 25, 8, 1, 3), DrawBusyNodes(100, 25, 8, 1, 4));
  EXPECT_NE(DrawBusyNodes(100, 25, 8, 1, 3), DrawBusyNodes(100, 25, 8, 2, 3));
}

TEST(Study, AllPoliciesSeeTheSameDrawsAndClusterIsNearest) {
  const Compared compared(3, 5, 40);
  ASSERT_TRUE(compared.study) << compared.study.error().message;
  ASSERT_EQ(compared.study->size(), 4u);
  EXPECT_EQ(compared.study->at(0).policy, "cluster");
  EXPECT_EQ(compared.study->at(1).policy, "partition=2");
  for (const PolicyRuns& policy : *compared.study) {
    ASSERT_EQ(policy.runs.size(), 5u) << policy.policy;
    for (std::size_t i = 0; i < policy.runs.size(); ++i) {
      EXPECT_EQ(policy.runs[i].nodes.size(), 3u);
      EXPECT_LE(compared.study->at(0).runs[i].predicted.latency_ns, policy.runs[i].predicted.latency_ns);
    }
  }
  const PolicyRuns& spread = compared.study->at(2);
  EXPECT_TRUE(std::ranges::any_of(spread.runs, &PlacedRun::kept));
  for (const PlacedRun& run : spread.runs) {
    EXPECT_EQ(run.kept, run.predicted.leaf_switches == 3);
  }
}

TEST(Study, TheSameNodesAreMeasuredOnce) {
  const Compared compared(9, 7, 0);
  ASSERT_TRUE(compared.study);
  EXPECT_LE(compared.measured, 4);
  // No two racks of three are enough for nine: as good as it gets, and said.
  EXPECT_FALSE(compared.study->at(2).runs[0].kept);
}

TEST(Study, TooFewNodesAreSaid) {
  const Compared compared(10, 1, 0);
  ASSERT_FALSE(compared.study);
  EXPECT_THAT(compared.study.error().message, HasSubstr("--nodes 10: the cluster has 9 nodes"));
}

TEST(Study, SummariesAndReports) {
  const Compared compared(3, 5, 40);
  ASSERT_TRUE(compared.study);
  const auto summary = Summarise(*compared.study);
  ASSERT_EQ(summary.size(), 4u);
  ASSERT_EQ(summary[0].kept.figures.size(), Figures().size());
  ASSERT_EQ(summary[2].kept.figures.size(), Figures().size());
  EXPECT_GE(summary[2].kept.figures[0].mean, summary[0].kept.figures[0].mean);
  EXPECT_DOUBLE_EQ(summary[0].kept.beside_first[0].mean, 1);
  EXPECT_DOUBLE_EQ(summary[0].kept.beside_first[0].high, 1);
  const Report report{.cluster = "tree",
                      .options = compared.options,
                      .topology = compared.topology,
                      .study = *compared.study,
                      .slow = FindSlowParts(compared.topology, *compared.study, {})};
  EXPECT_THAT(report.slow, IsEmpty());
  EXPECT_THAT(ReportText(report), HasSubstr("nothing is slower"));
  EXPECT_THAT(ReportJson(report), HasSubstr("\"placement\": \"spread\""));
}

// Nine nodes cannot be spread over three racks: what the job gets instead is nobody's idea of spreading.
TEST(Study, WhatWasNeverKeptIsNotComparedAsIfItWere) {
  const Compared compared(9, 2, 0);
  ASSERT_TRUE(compared.study);
  const auto summary = Summarise(*compared.study);
  EXPECT_EQ(summary[2].kept.draws, 0u);
  EXPECT_THAT(summary[2].kept.figures, IsEmpty());
  EXPECT_EQ(summary[2].not_kept.draws, 2u);
  EXPECT_EQ(LabelOf(summary[2]), "spread (never kept)");
  const Report report{.cluster = "tree",
                      .options = compared.options,
                      .topology = compared.topology,
                      .study = *compared.study,
                      .slow = {}};
  const std::string text = ReportText(report);
  EXPECT_THAT(text, HasSubstr("\nspread, not kept"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("\nspread  ")));
  EXPECT_THAT(text, HasSubstr("not kept: the job got"));
  EXPECT_THAT(DrawBeside(report), HasSubstr(">spread (never kept)</text>"));
  EXPECT_THAT(DrawCurves(report), HasSubstr(">spread (never kept)</text>"));
}

// Two of three draws: the figures of either are not mixed with the other's.
TEST(Study, DrawsInWhichItWasKeptAreAveragedApart) {
  Compared compared(3, 3, 0);
  ASSERT_TRUE(compared.study);
  PolicyRuns& spread = compared.study->at(2);
  spread.runs[1].kept = false;
  spread.runs[1].measured = testing::AsPromised(compared.topology, spread.runs[1].nodes,
                                                [](const auto&, const auto&, auto) { return 7.0; });
  const auto summary = Summarise(*compared.study);
  ASSERT_EQ(summary[2].kept.draws, 2u);
  ASSERT_EQ(summary[2].not_kept.draws, 1u);
  EXPECT_NEAR(summary[2].not_kept.figures[0].mean, 7 * summary[2].kept.figures[0].mean, 1e-6);
  EXPECT_EQ(LabelOf(summary[2]), "spread (kept in 2 of 3)");
}

}  // namespace
}  // namespace bsub::placement
