// What a replay leaves in files, and policies beside each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "sim/replay/compare_command.h"
#include "sim/replay/job_table.h"
#include "sim/replay/metrics.h"
#include "sim/replay/replay_command.h"

namespace bsub::sim {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() : folder_(fs::temp_directory_path() / ("bsub-report-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~ReportTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string Read(const std::string& name) const {
    std::ifstream in(Path(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Ten processors. The second job waits for all of them; the third is short. One line is no job.
  std::string WriteLog() const {
    std::ofstream(Path("log.swf")) << "; MaxProcs: 10\n"
                                      "1 0 -1 90 6 -1 -1 6 100 -1 1 1 -1 -1 -1 -1 -1 -1\n"
                                      "2 1 -1 10 10 -1 -1 10 10 -1 1 2 -1 -1 -1 -1 -1 -1\n"
                                      "oops\n"
                                      "3 2 -1 50 4 -1 -1 4 88 -1 1 1 -1 -1 -1 -1 -1 -1\n";
    return Path("log.swf");
  }
  int Replay(std::vector<std::string> arguments) {
    out_.str(""), err_.str("");
    return ReplayCommand(arguments, out_, err_, 0);
  }

  const fs::path folder_;
  std::ostringstream out_, err_;
};

TEST_F(ReportTest, EachJobIsALineOfCsv) {
  ASSERT_EQ(Replay({WriteLog(), "--policy", "easy", "--per-job", Path("jobs.csv")}), 0) << err_.str();
  EXPECT_EQ(Read("jobs.csv"),
            "job,user,submit,start,end,wait,processors,estimate,runtime,bounded_slowdown,backfilled\n"
            "1,1,0,0,90,0,6,100,90,1,0\n"
            "2,2,1,90,100,89,10,10,10,9.9,0\n"
            "3,1,2,2,52,0,4,88,50,1,1\n");
  EXPECT_THAT(err_.str(), HasSubstr("log.swf:4: field 1 'oops': expected a whole number; left out"));
}

TEST_F(ReportTest, OrAnObjectOfJson) {
  ASSERT_EQ(Replay({WriteLog(), "--policy=easy", "--per-job=" + Path("jobs.json")}), 0) << err_.str();
  const std::string json = Read("jobs.json");
  EXPECT_THAT(json, HasSubstr(R"({"job":2,"user":2,"submit":1,"start":90,"end":100,"wait":89,)"));
  EXPECT_THAT(json, HasSubstr(R"("runtime":50,"boundedSlowdown":1.0,"backfilled":true})"));
  EXPECT_TRUE(json.starts_with("[\n{") && json.ends_with("}\n]\n")) << json;
}

TEST_F(ReportTest, WhatCannotBeWrittenIsSaid) {
  EXPECT_EQ(Replay({WriteLog(), "--per-job", Path("no/such/folder.csv")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("folder.csv: cannot be written"));
}

TEST_F(ReportTest, AHalfIsMeasuredOfAWholeReplay) {
  ASSERT_EQ(Replay({WriteLog(), "--policy", "easy", "--half", "second", "--json"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("\"jobs\": 2"));
  EXPECT_THAT(out_.str(), HasSubstr("\"longestWait\": 89"));
  ASSERT_EQ(Replay({WriteLog(), "--policy", "easy", "--half", "first", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"longestWait\": 0"));
  EXPECT_EQ(Replay({WriteLog(), "--half", "third"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--half 'third': expected first or second"));
}

TEST_F(ReportTest, AMistakeNamesItsOption) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"--order", "alphabetical"}, {"--backfill", "some"},   {"--overdue-after", "soon"},
      {"--favour-short", "-1"},    {"--processors", "1e10"}, {"--first", "0"},
      {"--passes", "rarely"},      {"--policy", "\x1b[2J"}};
  for (const auto& [option, value] : cases) {
    EXPECT_EQ(Replay({WriteLog(), option, value}), 2) << option;
    EXPECT_THAT(err_.str(), HasSubstr("bsub-lite sim replay: " + option));
    EXPECT_THAT(err_.str(), HasSubstr("expected"));
    EXPECT_EQ(err_.str().find('\x1b'), std::string::npos);
  }
}

TEST_F(ReportTest, PoliciesStandBesideEachOther) {
  const std::string log = WriteLog();
  ASSERT_EQ(CompareCommand({log, "--policies", "fcfs,easy", "--half", "second"}, out_, err_, 0), 0)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("| log | fcfs | 6.43 | 94 |"));
  EXPECT_THAT(out_.str(), HasSubstr("| log | easy | 5.45 | 44 |"));
  EXPECT_THAT(err_.str(), HasSubstr("1 malformed lines are left out"));
  EXPECT_EQ(CompareCommand({log, "--policies", "fcfs,eassy"}, out_, err_, 0), 2);
  EXPECT_EQ(CompareCommand({}, out_, err_, 0), 2);
}

TEST(Overtook, IsWhoStartsBeforeOneThatCameBefore) {
  EXPECT_THAT(Overtook({0, 90, 2, 100, 95}), ElementsAre(false, false, true, false, true));
  EXPECT_THAT(Overtook({5, 5}), ElementsAre(false, false));
}

}  // namespace
}  // namespace bsub::sim
