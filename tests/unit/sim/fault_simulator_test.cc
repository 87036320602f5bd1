// That the fault simulator can fail: each deliberate bug is found, and a seed means one run.
#include "sim/fault_simulator.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "sim/fault_command.h"

namespace bsub::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

FaultSimSettings Short(std::uint64_t seed) {
  FaultSimSettings settings;
  settings.seed = seed;
  settings.steps = 250;
  settings.check_every = 16;
  return settings;
}

TEST(FaultSimulator, OneSeedIsOneRun) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const FaultSimReport first = RunFaultSimulator(Short(seed)), second = RunFaultSimulator(Short(seed));
    EXPECT_TRUE(first.ok) << first.violation;
    EXPECT_EQ(first.journal_hash, second.journal_hash);
    EXPECT_EQ(ToString(first.tally), ToString(second.tally));
  }
  EXPECT_NE(RunFaultSimulator(Short(1)).journal_hash, RunFaultSimulator(Short(2)).journal_hash);
}

TEST(FaultSimulator, HasReservationsAndPreemption) {
  Tally sum;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) sum += RunFaultSimulator(Short(seed)).tally;
  EXPECT_EQ(sum.violations, 0u);
  EXPECT_GT(sum.reservations, 0u);
  EXPECT_GT(sum.preemptions, 0u);
}

struct Expected {
  Mutation mutation;
  const char* words;  // of the violation
};

class MutationTest : public ::testing::TestWithParam<Expected> {};

TEST_P(MutationTest, IsFound) {
  FaultSimReport report;
  std::uint64_t seed = 0;
  while (report.ok && seed < 400) {
    FaultSimSettings settings = Short(++seed);
    settings.mutation = GetParam().mutation;
    report = RunFaultSimulator(settings);
  }
  EXPECT_FALSE(report.ok) << "not found in " << seed << " seeds";
  EXPECT_THAT(report.violation, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(Each, MutationTest,
                         ::testing::Values(Expected{Mutation::kAnswerBeforeSync, "not durable"},
                                           Expected{Mutation::kRepeatBeforeSync, "not durable"},
                                           Expected{Mutation::kHelloOmitsTask, "it is alive"},
                                           Expected{Mutation::kLeaseIgnored, "alive"},
                                           Expected{Mutation::kStartsTwice, "runs a second time"},
                                           Expected{Mutation::kRecoveryLosesEntry, "entr"},
                                           Expected{Mutation::kNodeOverbooks, "oversubscribed"},
                                           Expected{Mutation::kUntruthfulEnd, "in truth it"},
                                           Expected{Mutation::kStaleHelloCounts, ""}),
                         [](const auto& one) {
                           std::string name;
                           for (const MutationName& known : MutationNames()) {
                             if (known.mutation == one.param.mutation) name = known.name;
                           }
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(FaultCommand, SaysHowToReproduceAViolation) {
  std::ostringstream out, err;
  EXPECT_EQ(FaultCommand({"--seeds", "1-2", "--steps", "200", "--mutation", "node-overbooks"}, out, err), 1);
  EXPECT_THAT(out.str(), HasSubstr("violation: "));
  EXPECT_THAT(out.str(),
              HasSubstr("reproduce: bsub-lite-faultsim --seed 1 --steps 200 --mutation node-overbooks"));
  EXPECT_THAT(out.str(), HasSubstr("fault simulator: seeds=2 "));
  EXPECT_THAT(out.str(), Not(HasSubstr("violations=0")));
}

TEST(FaultCommand, AWrongCommandLineIsTwo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"--seeds", "9-1"}, "below the first"},
      {{"--seed", "x"}, "whole number"},
      {{"--mutation", "none"}, "starts-twice"},
      {{"--sead", "1"}, "unknown option"},
      {{"--steps"}, "needs a value"}};
  for (const auto& [arguments, words] : wrong) {
    std::ostringstream out, err;
    EXPECT_EQ(FaultCommand(arguments, out, err), 2);
    EXPECT_THAT(err.str(), HasSubstr(words));
  }
}

}  // namespace
}  // namespace bsub::sim
