#include "worker/spawner/proc_fs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bsub::spawner {
namespace {

constexpr const char* kRest = " 1 2 3 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 98765 0 0";

TEST(ProcStat, SurvivesAnyProgramName) {
  for (const std::string name : {"sh", "a b", "x) R 9 9 (y", ")", ""}) {
    const auto stat = ParseProcStat("42 (" + name + ") S" + kRest);
    ASSERT_TRUE(stat.has_value()) << name;
    EXPECT_EQ(stat->pid, 42);
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->parent, 1);
    EXPECT_EQ(stat->session, 3);
    EXPECT_EQ(stat->start_ticks, 98765u);
    EXPECT_FALSE(stat->Gone());
  }
  EXPECT_TRUE(ParseProcStat(std::string("42 (sh) Z") + kRest)->Gone());
}

TEST(ProcStat, RefusesWhatIsNone) {
  for (const std::string text :
       {"", "42", "42 (sh", "42 (sh) S 1 2", ") (", "x (sh) S 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9 0"}) {
    EXPECT_FALSE(ParseProcStat(text).has_value()) << text;
  }
}

TEST(ProcFs, KnowsItself) {
  const ProcFs proc;
  const auto stat = proc.Stat(getpid());
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->parent, getppid());
  EXPECT_EQ(stat->session, getsid(0));
  EXPECT_THAT(proc.All(), ::testing::Contains(getpid()));
  EXPECT_TRUE(proc.OwnChildren().empty());
  EXPECT_EQ(proc.BootId()->size(), 36u);
}

TEST(SignalMasks, SayWhatASignalDoes) {
  const auto masks = ParseSignalMasks(
      "Name:\tsh\nSigQ:\t0/63\nSigPnd:\t0000000000000000\nSigBlk:\t0000000000010000\n"
      "SigIgn:\t0000000000000004\nSigCgt:\t8000000000000200\nCapInh:\t0\n");
  ASSERT_TRUE(masks);
  EXPECT_TRUE(masks->Minds(10)) << "caught";
  EXPECT_TRUE(masks->Minds(3)) << "ignored";
  EXPECT_TRUE(masks->Minds(64));
  EXPECT_FALSE(masks->Minds(17));
  EXPECT_TRUE(masks->Blocks(17));
  EXPECT_FALSE(masks->Blocks(10));
  for (const int none : {0, -1, 65, 12}) EXPECT_FALSE(masks->Minds(none) || masks->Blocks(none));
  for (const char* text : {"", "\nSigBlk:\t0\nSigIgn:\t0\n", "\nSigBlk:\tx\nSigIgn:\t0\nSigCgt:\t0\n"})
    EXPECT_FALSE(ParseSignalMasks(text)) << text;
}

TEST(SignalMasks, OfThisProcess) {
  const ProcFs proc;
  signal(SIGUSR2, SIG_IGN);
  EXPECT_TRUE(proc.Signals(getpid())->Minds(SIGUSR2));
  signal(SIGUSR2, SIG_DFL);
  EXPECT_FALSE(proc.Signals(getpid())->Minds(SIGUSR2));
  EXPECT_FALSE(proc.Signals(0));
}

TEST(ProcFs, ReadsMarkersFromAnyRoot) {
  std::string root = (std::filesystem::temp_directory_path() / "proc-XXXXXX").string();
  ASSERT_NE(mkdtemp(root.data()), nullptr);
  std::filesystem::create_directories(root + "/7");
  const std::string environment("A=1\0BSUB_ATTEMPT_KEYS=no\0BSUB_ATTEMPT_KEY=id:1.0.1.2\0B=2\0", 57);
  std::ofstream(root + "/7/environ", std::ios::binary) << environment;
  const ProcFs proc(root);
  EXPECT_EQ(proc.Marker(7), "id:1.0.1.2");
  EXPECT_EQ(proc.Marker(8), "");
  std::filesystem::remove_all(root);
}

TEST(Marker, NamesAnAttemptWhateverItsNode) {
  EXPECT_TRUE(MarkerNamesAttempt("s:1.0.1.7", "1.0.1"));
  EXPECT_TRUE(MarkerNamesAttempt("s:9.0.1.1;t:1.0.1.7", "1.0.1"));
  EXPECT_FALSE(MarkerNamesAttempt("s:1.0.11.7", "1.0.1"));
  EXPECT_FALSE(MarkerNamesAttempt("s:1.0.1", "1.0.1"));
  EXPECT_FALSE(MarkerNamesAttempt("s", "1.0.1"));
  EXPECT_FALSE(MarkerNamesAttempt("", "1.0.1"));
}

TEST(Marker, NamesATaskAlsoFromWithinANestedOne) {
  EXPECT_TRUE(MarkerNames("s:1.0.1.1", "s:1.0.1.1"));
  EXPECT_TRUE(MarkerNames("s:1.0.1.1;t:9.0.1.1", "s:1.0.1.1"));
  EXPECT_TRUE(MarkerNames("s:1.0.1.1;t:9.0.1.1", "t:9.0.1.1"));
  EXPECT_FALSE(MarkerNames("s:1.0.1.11", "s:1.0.1.1"));
  EXPECT_FALSE(MarkerNames("", "s:1.0.1.1"));
  EXPECT_TRUE(MarkerOf("s:1.0.1.1;t:9.0.1.1", "t"));
  EXPECT_FALSE(MarkerOf("state:1.0.1.1", "s"));
  EXPECT_FALSE(MarkerOf("s", "s"));
}

}  // namespace
}  // namespace bsub::spawner
