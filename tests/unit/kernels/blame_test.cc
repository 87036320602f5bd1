#include "kernels/host/blame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::kernels {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// A table of ten children and three threads, as a worker that died left it.
class Blame : public ::testing::Test {
 protected:
  Blame() : table_(*SharedTable::Create({10, 0, 3}, "")) {}

  void Flying(std::size_t slot, std::uint64_t child) { table_.slots()[slot].child.store(child); }
  void Marked(std::size_t slot, Outcome outcome) {
    table_.slots()[slot].blamed.store(static_cast<std::uint16_t>(outcome));
  }

  SharedTable table_;
};

TEST_F(Blame, TheMarkedChildHasFailedAndTheOthersAreInnocent) {
  Flying(0, 4);
  Flying(1, 5);
  Marked(1, OutcomeOfSignal(11));
  Flying(2, 6);
  const Verdict verdict = Judge(table_);
  EXPECT_THAT(verdict.failed, ElementsAre(Pair(5, OutcomeOfSignal(11))));
  EXPECT_THAT(verdict.suspects, IsEmpty());
}

TEST_F(Blame, WithoutAMarkAllInFlightAreSuspects) {
  Flying(0, 7);
  Flying(2, 3);
  const Verdict verdict = Judge(table_);
  EXPECT_THAT(verdict.failed, IsEmpty());
  EXPECT_THAT(verdict.suspects, ElementsAre(3, 7));
}

TEST_F(Blame, WhoRanAloneWhenTheWorkerDiedAgainHasFailed) {
  const std::uint64_t given[] = {3, 5, 7};
  table_.SetSuspects(given);
  table_.SetAlone(true);
  table_.Finish(3, Outcome::kSucceeded);
  Flying(0, 5);
  const Verdict verdict = Judge(table_);
  EXPECT_THAT(verdict.failed, ElementsAre(Pair(5, Outcome::kKilledTwice)));
  EXPECT_THAT(verdict.suspects, ElementsAre(7)) << "not tried yet";
}

TEST_F(Blame, OneThatHasFinishedIsNeverBlamed) {
  Flying(0, 4);
  Marked(0, OutcomeOfSignal(6));
  table_.Finish(4, Outcome::kSucceeded);  // and died before it took the next one
  const Verdict verdict = Judge(table_);
  EXPECT_THAT(verdict.failed, IsEmpty());
  EXPECT_THAT(verdict.suspects, IsEmpty());
}

// The worker may have torn its slots before it died.
TEST_F(Blame, ASlotThatNamesNoChildIsPassedOver) {
  Flying(0, 10);
  Flying(1, 123456789);
  Marked(1, OutcomeOfSignal(11));
  const Verdict verdict = Judge(table_);
  EXPECT_THAT(verdict.failed, IsEmpty());
  EXPECT_THAT(verdict.suspects, IsEmpty());
}

}  // namespace
}  // namespace bsub::kernels
