#include "jobs/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

namespace bsub {
namespace {

using enum JobState;
using E = TaskEvent;

// docs/rfcs/0001-lifecycle.md, row by row: the state after each event, in the order of TaskEvent. nullopt:
// refused.
constexpr auto kNo = std::nullopt;
using StateRow = std::array<std::optional<JobState>, kTaskEventCount>;
const std::map<JobState, StateRow> kTransitions = {
    // clang-format off
    //            met        unmet     placed     started   succeeded   retry      failed   ended    requeued
    {kSubmitted, {kRunnable, kPending, kNo,       kNo,      kNo,        kNo,       kNo,     kFailed, kNo}},
    {kPending,   {kRunnable, kNo,      kNo,       kNo,      kNo,        kNo,       kNo,     kFailed, kNo}},
    {kRunnable,  {kNo,       kPending, kStarting, kNo,      kNo,        kNo,       kNo,     kFailed, kNo}},
    {kStarting,  {kNo,       kNo,      kNo,       kRunning, kSucceeded, kRunnable, kFailed, kNo,     kNo}},
    {kRunning,   {kNo,       kNo,      kNo,       kNo,      kSucceeded, kRunnable, kFailed, kNo,     kNo}},
    {kSucceeded, {kNo,       kNo,      kNo,       kNo,      kNo,        kNo,       kNo,     kNo,     kPending}},
    {kFailed,    {kNo,       kNo,      kNo,       kNo,      kNo,        kNo,       kNo,     kNo,     kPending}},
    // clang-format on
};

TEST(Lifecycle, EveryPairOfStateAndEventIsAsWritten) {
  ASSERT_EQ(kTransitions.size(), static_cast<std::size_t>(kJobStateCount));
  for (const auto& [from, row] : kTransitions) {
    for (int e = 0; e < kTaskEventCount; ++e) {
      const auto event = static_cast<TaskEvent>(e);
      EXPECT_EQ(Next(from, event), row[static_cast<std::size_t>(e)])
          << ToString(from) << " + " << ToString(event);
    }
  }
}

TEST(Lifecycle, APlainJobRunsOnce) {
  auto state = Next(kSubmitted, E::kDependenciesMet);
  for (const auto event : {E::kPlaced, E::kStarted, E::kSucceeded}) state = Next(state.value(), event);
  EXPECT_EQ(state, kSucceeded);
}

TEST(Lifecycle, ARequeuedJobLooksAtItsDependenciesAgain) {
  EXPECT_EQ(Next(Next(kFailed, E::kRequeued).value(), E::kDependenciesMet), kRunnable);
}

TEST(Lifecycle, WaitingLiveAndOverShareNothingAndCoverAll) {
  for (int s = 0; s < kJobStateCount; ++s) {
    const auto state = static_cast<JobState>(s);
    EXPECT_EQ(IsWaiting(state) + IsLive(state) + IsOver(state), 1) << ToString(state);
  }
}

// An attempt exists exactly in the live states, so only there it can end, and only elsewhere a job ends
// without one.
TEST(Lifecycle, AttemptsEndOnlyWhereTheyLive) {
  for (int s = 0; s < kJobStateCount; ++s) {
    const auto state = static_cast<JobState>(s);
    for (const auto event : {E::kSucceeded, E::kRetry, E::kFailed}) {
      EXPECT_EQ(Next(state, event).has_value(), IsLive(state)) << ToString(state) << " + " << ToString(event);
    }
    EXPECT_EQ(Next(state, E::kEnded).has_value(), IsWaiting(state)) << ToString(state);
    EXPECT_EQ(Next(state, E::kRequeued).has_value(), IsOver(state)) << ToString(state);
  }
}

TEST(ParseJobState, ReadsWhatToStringWritesInAnyCase) {
  for (int s = 0; s < kJobStateCount; ++s) {
    EXPECT_EQ(ParseJobState(ToString(static_cast<JobState>(s))), static_cast<JobState>(s));
  }
  EXPECT_EQ(ParseJobState("Runnable"), kRunnable);
}

TEST(ParseJobState, KnowsWordsOfLsfAndSlurm) {
  EXPECT_EQ(ParseJobState("PEND"), kRunnable);
  EXPECT_EQ(ParseJobState("RUN"), kRunning);
  EXPECT_EQ(ParseJobState("done"), kSucceeded);
  EXPECT_EQ(ParseJobState("EXIT"), kFailed);
  EXPECT_EQ(ParseJobState("PD"), kRunnable);
  EXPECT_EQ(ParseJobState("CF"), kStarting);
  EXPECT_EQ(ParseJobState("TIMEOUT"), kFailed);
  EXPECT_EQ(ParseJobState(""), std::nullopt);
  EXPECT_EQ(ParseJobState("sleeping"), std::nullopt);
}

// The vocabularies of Nextflow, Snakemake and Toil; any other word counts as failed somewhere.
TEST(ViewOf, UsesOnlyWordsThatClientsKnow) {
  const std::set<std::string_view> lsf = {"PEND", "PSUSP", "RUN", "DONE", "EXIT"};
  const std::set<std::string_view> slurm_live = {"PD", "CF", "R"};
  for (int s = 0; s < kJobStateCount; ++s) {
    const auto state = static_cast<JobState>(s);
    for (const bool held : {false, true}) {
      const StateView view = ViewOf(state, held);
      EXPECT_THAT(lsf, testing::Contains(view.lsf));
      if (IsOver(state)) continue;
      EXPECT_THAT(slurm_live, testing::Contains(view.slurm_short));
      EXPECT_EQ(view.lsf == "RUN", IsLive(state)) << ToString(state);
    }
  }
}

TEST(ViewOf, ShowsHeldJobsAsSuspendedToLsf) {
  EXPECT_EQ(ViewOf(kRunnable, true).lsf, "PSUSP");
  EXPECT_EQ(ViewOf(kRunnable, false).lsf, "PEND");
  EXPECT_EQ(ViewOf(kRunning, true).lsf, "RUN");
}

TEST(ViewOf, TellsSlurmHowAJobFailed) {
  EXPECT_EQ(ViewOf(kFailed, false).slurm_short, "F");
  EXPECT_EQ(ViewOf(kFailed, false, EndKind::kExited).slurm_long, "FAILED");
  EXPECT_EQ(ViewOf(kFailed, false, EndKind::kCancelled).slurm_short, "CA");
  EXPECT_EQ(ViewOf(kFailed, false, EndKind::kTimedOut).slurm_long, "TIMEOUT");
  EXPECT_EQ(ViewOf(kFailed, false, EndKind::kOutOfMemory).slurm_short, "OOM");
  EXPECT_EQ(ViewOf(kFailed, false, EndKind::kNodeLost).slurm_long, "NODE_FAIL");
  EXPECT_EQ(ViewOf(kFailed, false, EndKind::kTimedOut).lsf, "EXIT");
  EXPECT_EQ(ViewOf(kSucceeded, false, EndKind::kExited).slurm_short, "CD");
}

}  // namespace
}  // namespace bsub
