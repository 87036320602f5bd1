// What a drill does is drawn, read or planned without a cluster; and what became of the jobs is judged from
// what was seen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/drill_report.h"
#include "cli/drill_strikes.h"

namespace bsub::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(DrillStrikes, OneSeedIsOneDrillAndTheRateHoldsOnAverage) {
  const SpotWeather weather{20, 10s, std::chrono::hours(50), 7, {"n1", "n2"}};
  const auto strikes = DrawStrikes(weather);
  EXPECT_EQ(strikes, DrawStrikes(weather));
  EXPECT_GT(strikes.size(), 1700u) << "2 nodes, 50 hours, 20 an hour and ten seconds' notice each";
  EXPECT_LT(strikes.size(), 2200u);
  EXPECT_TRUE(std::is_sorted(strikes.begin(), strikes.end(), [](auto& a, auto& b) { return a.at < b.at; }));
  SpotWeather other = weather;
  other.seed = 8;
  EXPECT_NE(strikes, DrawStrikes(other));
  SpotWeather more = weather;
  more.nodes.push_back("n3");
  const auto of_three = DrawStrikes(more);
  EXPECT_EQ(std::count_if(of_three.begin(), of_three.end(), [](const Strike& s) { return s.node != "n3"; }),
            static_cast<std::ptrdiff_t>(strikes.size()))
      << "another node changes nothing for the others";
}

TEST(DrillStrikes, ANodeIsNotNoticedAgainBeforeItIsTaken) {
  const auto strikes = DrawStrikes({3600, 10s, 1h, 1, {"n1"}});
  ASSERT_GT(strikes.size(), 10u);
  for (std::size_t i = 1; i < strikes.size(); ++i)
    EXPECT_GE(strikes[i].at - strikes[i - 1].at, Duration(10s));
}

TEST(DrillStrikes, RatesAreReadPerHour) {
  EXPECT_DOUBLE_EQ(*ParseRate("20/h"), 20);
  EXPECT_DOUBLE_EQ(*ParseRate("0.5/min"), 30);
  EXPECT_DOUBLE_EQ(*ParseRate("48/d"), 2);
  EXPECT_DOUBLE_EQ(*ParseRate("20/30m"), 40);
  EXPECT_DOUBLE_EQ(*ParseRate("5/10s"), 1800);
  for (const char* text : {"", "20", "/h", "-1/h", "0/h", "x/h", "3/fortnight", "1/", "1/0", "1/0s"})
    EXPECT_THAT(ParseRate(text).error().message, HasSubstr("such as 20/h")) << text;
}

TEST(DrillStrikes, ARateIsOneThatNodesCanBear) {
  EXPECT_DOUBLE_EQ(*ParseRate("1/s"), 3600);
  for (const char* text : {"1e9/s", "3601/h", "1/ms", "inf/h", "1e300/us"})
    EXPECT_THAT(ParseRate(text).error().message,
                AllOf(HasSubstr("rate '" + std::string(text) + "'"), HasSubstr("expected at most 3600/h")));
  EXPECT_TRUE(CheckWeather({3600, 0s, 1h, 1, {"n1", "n2"}}));
  EXPECT_THAT(
      CheckWeather({3600, 0s, std::chrono::hours(720), 1, {"n1", "n2"}}).error().message,
      HasSubstr(
          "for 30d 00h and 2 nodes the rate makes about 5184000 interruptions: expected at most 1000000"));
  EXPECT_TRUE(CheckWeather({3600, 120s, std::chrono::hours(720), 1, {"n1", "n2"}}))
      << "notices take their time";
}

TEST(DrillStrikes, AStepDownInARecordedCountTakesTheOldestMachine) {
  const TracePlay play{{"n1", "n2"}, 5s, 1h, 1};
  const auto strikes = ReadTrace(R"({"metadata": {"gap_seconds": 60}, "data": [0, 2, 2, 1, 2, 0]})", play);
  ASSERT_TRUE(strikes);
  EXPECT_THAT(*strikes, ElementsAre(Strike{180s, StrikeKind::kSpot, "n1", 5s},
                                    Strike{300s, StrikeKind::kSpot, "n2", 5s},
                                    Strike{300s, StrikeKind::kSpot, "n1", 5s}));
}

TEST(DrillStrikes, NamedMachinesArePlayedByNodesAndTimeCanBeQuicker) {
  const std::string text = "0,add,a\n0,add,b\n0,add,c\n20000,remove,b\n40000,remove,c\n";
  const auto strikes = ReadTrace(text, {{"n1", "n2"}, 1s, 1min, 10});
  ASSERT_TRUE(strikes);
  EXPECT_THAT(*strikes, ElementsAre(Strike{2s, StrikeKind::kSpot, "n2", 1s})) << "nobody plays c";
}

TEST(DrillStrikes, WhatIsNoTraceIsRefused) {
  const TracePlay play{{"n1"}, 1s, 1min, 1};
  for (const char* text :
       {"{}", "[1]", R"({"metadata": {"gap_seconds": 1}, "data": ["x"]})",
        R"({"metadata": {"gap_seconds": -60}, "data": [1, 0]})", "1,add", "x,add,n", "1,kill,n"})
    EXPECT_THAT(ReadTrace(text, play).error().message, HasSubstr("the trace is not understood")) << text;
}

TEST(DrillStrikes, WhatIsFarBehindTheEndIsLeftOut) {
  const TracePlay slow{{"n1"}, 1s, 1min, 1e-300};
  EXPECT_THAT(*ReadTrace("0,add,a\n1000,remove,a\n", slow), IsEmpty()) << "its time fits no number of ours";
}

TEST(DrillPlan, StepsAreReadInOrderOfTime) {
  const auto plan = ParseDrillPlan(
      "for: 60s\nsteps:\n  - {at: 20s, kill: n2}\n  - {at: 5s, notice: n1, in: 10s}\n  - {at: 30s, "
      "partition: n3, for: 15s}\n");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->length, Duration(60s));
  EXPECT_THAT(plan->strikes, ElementsAre(Strike{5s, StrikeKind::kNotice, "n1", 10s},
                                         Strike{20s, StrikeKind::kKill, "n2", 0s},
                                         Strike{30s, StrikeKind::kPartition, "n3", 15s}));
}

TEST(DrillPlan, MistakesNameTheirLine) {
  const auto message = [](const std::string& step) {
    const auto plan = ParseDrillPlan("for: 60s\nsteps:\n  - " + step + "\n");
    return plan ? "" : plan.error().message;
  };
  EXPECT_THAT(message("{kill: n1}"), HasSubstr("line 3: at is missing"));
  EXPECT_THAT(message("{at: 1s}"), HasSubstr("says not which node"));
  EXPECT_THAT(message("{at: 1s, notice: n1}"), HasSubstr("in is missing"));
  EXPECT_THAT(message("{at: 1s, kill: n1, partition: n2, for: 1s}"), HasSubstr("two things"));
  EXPECT_THAT(message("{at: 1s, kill: n1, hard: true}"), HasSubstr("'hard' is unknown"));
  EXPECT_THAT(ParseDrillPlan("steps: []").error().message, HasSubstr("for is missing"));
  EXPECT_THAT(ParseDrillPlan("for: 1s\nsteps: []").error().message, HasSubstr("steps is missing or empty"));
  EXPECT_THAT(ParseDrillPlan("for: 1s\nsteps: [{at: 5s, kill: n1}]").error().message,
              HasSubstr("line 2: at 5.0s is after the end, for: 1.0s"));
  EXPECT_THAT(ParseDrillPlan("{").error().message, HasSubstr("no YAML"));
}

// A drill of 100 seconds in which job 7 was told to save after 10, and ran again after 12.
DrillFacts Facts() {
  constexpr std::int64_t kSecond = 1'000'000;
  DrillFacts facts;
  facts.began_at_us = 1'000 * kSecond;
  facts.ended_at_us = 1'100 * kSecond;
  facts.strikes.push_back({{10s, StrikeKind::kSpot, "n1", 5s}, 1'010 * kSecond, ""});
  facts.jobs_before = {7};
  api::Job job;
  job.set_id(7);
  job.set_display_id("7");
  job.set_state("RUNNING");
  job.mutable_checkpoint()->set_exit_code(85);
  api::Interruption& one = *job.add_interruptions();
  one.set_attempt(1);
  one.set_node("n1");
  one.set_notice_at_us(1'010 * kSecond);
  one.set_saved_at_us(1'011 * kSecond);
  one.set_requeued_at_us(1'011 * kSecond);
  one.set_resumed_at_us(1'012 * kSecond);
  one.set_lost_work_us(0);
  one.set_outcome("saved");
  api::Attempt& attempt = *job.add_attempts();
  attempt.set_number(1);
  attempt.add_nodes("n<1>");
  attempt.set_started_at_us(990 * kSecond);
  attempt.set_ended_at_us(1'011 * kSecond);
  facts.jobs.push_back(job);
  return facts;
}

TEST(DrillReport, PassesIfAllWasSaved) {
  const DrillFacts facts = Facts();
  const DrillReport report = Judge(facts);
  EXPECT_THAT(report.failures, IsEmpty());
  ASSERT_THAT(report.interruptions, SizeIs(1));
  EXPECT_EQ(report.pause_us, 2'000'000);
  EXPECT_EQ(report.node_us, 11'000'000) << "what ran before the drill does not count";
  EXPECT_THAT(RenderTable(facts, report, 0), HasSubstr("Passed: nothing was lost."));
  EXPECT_EQ(ToJson(facts, report)["interruptions"][0]["pauseSeconds"], 2);
  EXPECT_TRUE(ToJson(facts, report)["passed"]);
}

TEST(DrillReport, WithoutAnInterruptionNothingWasPutToTheTest) {
  DrillFacts facts = Facts();
  facts.jobs.front().clear_interruptions();
  EXPECT_THAT(RenderTable(facts, Judge(facts), 0),
              HasSubstr("nothing was put to the test: no job was interrupted. Have jobs"));
  EXPECT_EQ(ToJson(facts, Judge(facts))["tested"], false);
  facts.strikes.clear();
  EXPECT_THAT(RenderTable(facts, Judge(facts), 0), HasSubstr("No node was struck; a higher --rate"));
}

TEST(DrillReport, ALostJobALostSaveAndASilentNodeFailIt) {
  DrillFacts facts = Facts();
  facts.jobs_before.push_back(8);
  facts.silent_nodes = {"n3"};
  facts.jobs[0].mutable_interruptions(0)->set_outcome("not saved");
  facts.jobs[0].mutable_interruptions(0)->set_lost_work_us(21'000'000);
  const DrillReport report = Judge(facts);
  EXPECT_THAT(report.failures,
              ElementsAre("job 8 is gone", HasSubstr("job 7 had a notice and did not save: 21.000 s"),
                          "node n3 did not come back"));
}

TEST(DrillReport, WhoTakesNoPartMayLoseWorkButNotItsLife) {
  DrillFacts facts = Facts();
  facts.jobs[0].clear_checkpoint();
  facts.jobs[0].mutable_interruptions(0)->set_outcome("not saved");
  EXPECT_TRUE(Judge(facts).good());
  facts.jobs[0].set_state("FAILED");
  facts.jobs[0].mutable_attempts(0)->set_interruption(true);
  facts.jobs[0].mutable_attempts(0)->set_then("failed");
  EXPECT_THAT(Judge(facts).failures, ElementsAre(HasSubstr("job 7 was interrupted and then failed")));
  facts.jobs[0].mutable_exit()->set_kind("cancelled");
  EXPECT_TRUE(Judge(facts).good());
}

TEST(DrillReport, WhoDoesNotRunAgainIsLost) {
  DrillFacts facts = Facts();
  facts.jobs[0].mutable_interruptions(0)->set_resumed_at_us(0);
  facts.jobs[0].set_state("RUNNABLE");
  EXPECT_THAT(Judge(facts).failures, ElementsAre("job 7 was interrupted on n1 and does not run again"));
  facts.jobs[0].set_state("SUCCEEDED");
  EXPECT_TRUE(Judge(facts).good()) << "it was done before its node went";
}

TEST(DrillReport, WithoutANoticeNoMoreThanTheIntervalsBetweenSavesMayBeLost) {
  DrillFacts facts = Facts();
  api::Interruption& one = *facts.jobs[0].mutable_interruptions(0);
  one.set_notice_at_us(0);
  one.set_outcome("not saved");
  one.set_lost_work_us(21'000'000);
  EXPECT_TRUE(Judge(facts).good()) << "nobody said how often it is to save";
  facts.jobs[0].mutable_checkpoint()->set_interval_us(10'000'000);
  EXPECT_TRUE(Judge(facts).good()) << "two intervals, and a second by which the save is known too late";
  facts.jobs[0].mutable_checkpoint()->set_interval_us(9'999'999);
  EXPECT_FALSE(Judge(facts).good());
  facts.node_look_us = 2'000'000;
  EXPECT_TRUE(Judge(facts).good());
  facts.node_look_us = 1'000'000;
  facts.jobs[0].mutable_checkpoint()->set_interval_us(5'000'000);
  EXPECT_THAT(Judge(facts).failures, ElementsAre(HasSubstr("was to save every 5.000 s")));
}

TEST(DrillReport, AKillBeforeItCouldSaveForANoticeIsJudgedAsAKill) {
  DrillFacts facts = Facts();
  api::Interruption& one = *facts.jobs[0].mutable_interruptions(0);
  one.set_outcome("not saved");
  one.set_lost_work_us(3'000'000);
  facts.jobs[0].mutable_checkpoint()->set_interval_us(2'000'000);
  facts.jobs[0].mutable_attempts(0)->add_nodes("n2");
  facts.strikes.push_back({{10s, StrikeKind::kKill, "n3", 0s}, 1'010'500'000, ""});
  EXPECT_THAT(Judge(facts).failures, ElementsAre(HasSubstr("had a notice and did not save")))
      << "not its node";
  facts.strikes.back().strike.node = "n2";
  EXPECT_TRUE(Judge(facts).good());
  one.set_lost_work_us(6'000'000);
  EXPECT_THAT(Judge(facts).failures, ElementsAre(HasSubstr("was to save every 2.000 s")))
      << "too much for a kill";
  facts.strikes.back().at_us = 1'011'500'000;
  EXPECT_THAT(Judge(facts).failures, ElementsAre(HasSubstr("had a notice and did not save")))
      << "after its end";
}

TEST(DrillReport, WhatNobodyKnowsIsNotCalledNothing) {
  DrillFacts facts = Facts();
  api::Interruption& one = *facts.jobs[0].mutable_interruptions(0);
  one.set_notice_at_us(0);
  one.set_outcome("not saved");
  one.clear_lost_work_us();
  const DrillReport report = Judge(facts);
  EXPECT_TRUE(report.good());
  EXPECT_EQ(ToJson(facts, report)["unknownLosses"], 1);
  EXPECT_TRUE(ToJson(facts, report)["interruptions"][0]["lostWorkSeconds"].is_null());
  const std::string table = RenderTable(facts, report, 0);
  EXPECT_THAT(table, HasSubstr("what nobody knows in 1 interruption"));
  EXPECT_THAT(table, ::testing::Not(HasSubstr("nothing was lost")));
}

TEST(DrillReport, ASaveThatFailedIsToldWithItsReason) {
  DrillFacts facts = Facts();
  api::Interruption& one = *facts.jobs[0].mutable_interruptions(0);
  one.set_outcome("not saved");
  one.set_lost_work_us(7'000'000);
  one.set_reason("No space left on device");
  EXPECT_THAT(Judge(facts).failures,
              ElementsAre("job 7 had a notice and did not save: 7.000 s of work are lost (No space left on "
                          "device)"));
}

TEST(DrillReport, OverheadAndCostsCountAnAttemptsShareOfItsNodes) {
  DrillFacts facts = Facts();
  facts.on_demand_price = 3600;  // so that a second costs 1
  facts.spot_price = 360;
  facts.node_cpu_milli = {{"n<1>", 8000}};
  api::Job& job = facts.jobs[0];
  job.mutable_attempts(0)->mutable_allocated()->set_cpu_milli(2000);
  job.mutable_interruptions(0)->set_lost_work_us(1'000'000);
  const DrillReport report = Judge(facts);
  EXPECT_EQ(report.run_us, 11'000'000);
  EXPECT_EQ(report.node_us, 11'000'000 / 4);
  EXPECT_DOUBLE_EQ(report.overhead(), 0.3) << "a second of work and two of pause, of ten";
  EXPECT_DOUBLE_EQ(ToJson(facts, report)["costSpot"], 0.275);
  EXPECT_DOUBLE_EQ(ToJson(facts, report)["costOnDemand"], 2.5);
  EXPECT_THAT(RenderTable(facts, report, 0), HasSubstr("30.00 % longer"));
}

TEST(DrillReport, ThePictureHasARowPerNodeAndEscapesNames) {
  const DrillFacts facts = Facts();
  const std::string svg = DrawTimeline(facts, Judge(facts));
  EXPECT_THAT(svg, HasSubstr("n&lt;1&gt;"));
  EXPECT_THAT(svg, HasSubstr(">n1</text>"));
  EXPECT_THAT(svg, HasSubstr("spot"));
  EXPECT_THAT(svg, ::testing::EndsWith("</svg>\n"));
}

TEST(DrillReport, ThePictureHasATitleALegendAndRoundTimes) {
  const DrillFacts facts = Facts();
  const std::string svg = DrawTimeline(facts, Judge(facts));
  EXPECT_THAT(svg, HasSubstr("Drill of 1m 40s: 1 strike, 1 interruption of 1 job"));
  EXPECT_THAT(svg, HasSubstr(">interrupted</text>"));
  EXPECT_THAT(svg, HasSubstr("seconds since the drill began"));
  for (const char* mark : {">0</text>", ">10</text>", ">90</text>", ">100</text>"})
    EXPECT_THAT(svg, HasSubstr(mark));
}

TEST(DrillReport, AttemptsThatRanAtOnceHaveLanesAndLabelsOnlyWhereTheyFit) {
  constexpr std::int64_t kSecond = 1'000'000;
  DrillFacts facts = Facts();
  api::Job brief;
  brief.set_id(8);
  brief.set_display_id("8");
  api::Attempt& attempt = *brief.add_attempts();
  attempt.set_number(1);
  attempt.add_nodes("n<1>");
  attempt.set_started_at_us(1'005 * kSecond);
  attempt.set_ended_at_us(1'006 * kSecond);
  facts.jobs.push_back(brief);
  const std::string svg = DrawTimeline(facts, Judge(facts));
  EXPECT_THAT(svg, HasSubstr(">7#1</text>"));
  EXPECT_THAT(svg, ::testing::Not(HasSubstr(">8#1</text>"))) << "a second of a hundred has no room for it";
  EXPECT_THAT(svg, HasSubstr("<title>job 8, attempt 1"));
  std::vector<std::string> tops;
  for (std::size_t at = svg.find("<rect"); at != std::string::npos; at = svg.find("<rect", at + 1)) {
    const std::string rect = svg.substr(at, svg.find("</rect>", at) - at);
    const std::size_t y = rect.find(" y=");
    if (rect.substr(0, 300).find(">job ") != std::string::npos && rect.find('\n') == std::string::npos)
      tops.push_back(rect.substr(y, rect.find('"', y + 4) - y));
  }
  ASSERT_THAT(tops, SizeIs(::testing::Ge(2u)));
  EXPECT_NE(tops.front(), tops.back()) << "both ran at once";
}

}  // namespace
}  // namespace bsub::cli
