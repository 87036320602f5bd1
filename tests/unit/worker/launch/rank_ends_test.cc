#include "worker/launch/rank_ends.h"

#include <gtest/gtest.h>

namespace bsub::worker {
namespace {

// Statuses as wait(2) gives them.
constexpr int Exited(int code) { return code << 8; }
constexpr int Signalled(int number) { return number; }

TEST(RankEnds, AreOneLineEach) {
  EXPECT_EQ(ReasonFrom(RankEndLine("3", "n2", Exited(7))), "rank 3 on node n2 exited with code 7");
  EXPECT_EQ(ReasonFrom(RankEndLine("0", "n1", Signalled(11))),
            "rank 0 on node n1 was ended by signal 11 (SEGV)");
  EXPECT_EQ(RankEndLine("0", "n1", Exited(0)), "");
  EXPECT_EQ(ReasonFrom(NeverStartedLine("no\nmpirun")), "no mpirun");
}

TEST(RankEnds, WhatMpirunEndedAfterwardsIsNoReason) {
  const std::string consequences =
      RankEndLine("0", "n1", Signalled(15)) + RankEndLine("1", "n1", Signalled(9));
  EXPECT_EQ(ReasonFrom(consequences + RankEndLine("3", "n2", Exited(7))),
            "rank 3 on node n2 exited with code 7");
  EXPECT_EQ(ReasonFrom(consequences), "rank 1 on node n1 was ended by signal 9 (KILL)");
  EXPECT_EQ(ReasonFrom(RankEndLine("0", "n1", Signalled(15)) + LostNodeLine("node n2 was lost")),
            "node n2 was lost");
}

TEST(RankEnds, WhoIsToldToEndHasNotFailed) {
  EXPECT_FALSE(TellsOfFailure(""));
  EXPECT_FALSE(TellsOfFailure(RankEndLine("0", "n1", Signalled(15)) + RankEndLine("1", "n1", Signalled(9))));
  EXPECT_TRUE(TellsOfFailure(RankEndLine("0", "n1", Signalled(15)) + RankEndLine("3", "n2", Exited(7))));
  EXPECT_TRUE(TellsOfFailure(NeverStartedLine("no such program")));
}

TEST(RankEnds, OfSeveralThatSayAsMuchTheFirstCounts) {
  EXPECT_EQ(ReasonFrom(RankEndLine("5", "n3", Exited(1)) + RankEndLine("2", "n2", Exited(2))),
            "rank 5 on node n3 exited with code 1");
}

TEST(RankEnds, OtherTextIsNoLine) {
  EXPECT_EQ(ReasonFrom(""), "");
  EXPECT_EQ(ReasonFrom("x\n\n9 nine\n1\n1 \nsomething else"), "");
  EXPECT_EQ(ReasonFrom("1 cut off in the mid"), "cut off in the mid") << "a writer was killed";
}

}  // namespace
}  // namespace bsub::worker
