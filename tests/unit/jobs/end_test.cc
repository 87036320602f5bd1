#include "jobs/end.h"

#include <gtest/gtest.h>

#include <set>

#include "jobs/resources.h"

namespace bsub {
namespace {

constexpr int kEndKinds = static_cast<int>(EndKind::kRequeued) + 1;

TEST(End, OnlyExitCodeZeroIsSuccess) {
  EXPECT_TRUE((End{.kind = EndKind::kExited, .code = 0}).Succeeded());
  EXPECT_FALSE((End{.kind = EndKind::kExited, .code = 1}).Succeeded());
  for (int k = 0; k < kEndKinds; ++k) {
    const End end{.kind = static_cast<EndKind>(k), .code = 0};
    EXPECT_EQ(end.Succeeded(), end.kind == EndKind::kExited) << ToString(end.kind);
  }
}

TEST(ShellExitCode, FollowsTheShells) {
  EXPECT_EQ(ShellExitCode({.kind = EndKind::kExited, .code = 3}), 3);
  EXPECT_EQ(ShellExitCode({.kind = EndKind::kSignalled, .code = 9}), 137);
  EXPECT_EQ(ShellExitCode({.kind = EndKind::kOutOfMemory}), 137);
  for (const auto kind : {EndKind::kCancelled, EndKind::kTimedOut, EndKind::kNodeLost,
                          EndKind::kDependencyFailed, EndKind::kNeverStarted}) {
    EXPECT_EQ(ShellExitCode({.kind = kind}), 125) << ToString(kind);
  }
}

TEST(ShellExitCode, IsAlwaysAByte) {
  for (const int code : {-1, 0, 255, 256, 1 << 20}) {
    for (int k = 0; k < kEndKinds; ++k) {
      const int shell = ShellExitCode({.kind = static_cast<EndKind>(k), .code = code});
      EXPECT_GE(shell, 0);
      EXPECT_LE(shell, 255);
    }
  }
}

TEST(Describe, SaysHowItEndedAndWhy) {
  EXPECT_EQ(Describe(End{.kind = EndKind::kExited, .code = 3}), "exited with code 3");
  EXPECT_EQ(Describe(End{.kind = EndKind::kSignalled, .code = 9}), "killed by signal 9 (KILL)");
  EXPECT_EQ(Describe(End{.kind = EndKind::kSignalled, .code = 40}), "killed by signal 40");
  EXPECT_EQ(Describe(End{.kind = EndKind::kTimedOut, .reason = "ran past its wall time"}),
            "ran past its wall time");
  EXPECT_EQ(Describe(End{.kind = EndKind::kCancelled, .by = "alice", .reason = "wrong input"}),
            "cancelled by alice: wrong input");
  EXPECT_EQ(Describe(End{.kind = EndKind::kDependencyFailed, .reason = "job 12 exited with code 1"}),
            "a dependency can no longer be met: job 12 exited with code 1");
}

TEST(EndKind, EachHasItsOwnWords) {
  std::set<std::string_view> words;
  for (int k = 0; k < kEndKinds; ++k) words.insert(ToString(static_cast<EndKind>(k)));
  EXPECT_EQ(words.size(), static_cast<std::size_t>(kEndKinds));
}

TEST(Resources, AreDescribedForPeople) {
  EXPECT_EQ(Describe(Resources{.cpu_milli = 2000, .mem_bytes = 4LL << 30, .gpus = 1}),
            "2 CPUs, 4.0 GiB, 1 GPU");
  EXPECT_EQ(Describe(Resources{.cpu_milli = 1000}), "1 CPU");
  EXPECT_EQ(Describe(Resources{.cpu_milli = 500, .gpus = 2}), "0.5 CPUs, 2 GPUs");
}

TEST(Resources, FitOnlyIfEachPartFits) {
  const Resources node{.cpu_milli = 4000, .mem_bytes = 100, .gpus = 1};
  EXPECT_TRUE(node.Fits(node));
  EXPECT_FALSE((Resources{.cpu_milli = 4001}).Fits(node));
  EXPECT_FALSE((Resources{.mem_bytes = 101}).Fits(node));
  EXPECT_FALSE((Resources{.gpus = 2}).Fits(node));
}

}  // namespace
}  // namespace bsub
