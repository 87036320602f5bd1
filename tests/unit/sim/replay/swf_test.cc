// Logs: what is read, what is left out, and what is said about the rest.
#include "sim/replay/swf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sim/replay/metrics.h"
#include "sim/replay/read_log.h"
#include "sim/replay/workload.h"

namespace bsub::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kTwoJobs =
    "; MaxProcs: 100\n"
    ";\n"
    "    1  5 964980  97225   56     -1.00    -1   56 210000    -1  1   7   1  -1 -1 -1 -1 -1\r\n"
    "\n"
    "2 0 1 20 4 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 -1 -1";

TEST(Swf, ReadsJobsAndTheSizeOfTheMachine) {
  const SwfLog log = ParseSwf(kTwoJobs);
  EXPECT_EQ(log.max_processors, 100);
  EXPECT_THAT(log.bad_lines, IsEmpty());
  ASSERT_THAT(log.records, SizeIs(2));
  EXPECT_EQ(log.records[0].submit(), 5);
  EXPECT_EQ(log.records[0].run(), 97225);
  EXPECT_EQ(log.records[0].requested_time(), 210000);
  EXPECT_EQ(log.records[0].user(), 7);
}

TEST(Swf, MalformedLinesAreLeftOutAndNamed) {
  const SwfLog log = ParseSwf(
      "1 2 3\n"
      "1 0 1 x2 4 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 -1 -1\n"
      "1 0 1 20 4 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 -1 -1\n"
      "1 0 1 20 4 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 -1 -1 9\n"
      "1 0 1 99999999999999999999 4 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 -1 -1\n");
  EXPECT_THAT(log.records, SizeIs(1));
  ASSERT_THAT(log.bad_lines, SizeIs(4));
  EXPECT_EQ(log.bad_lines[0].number, 1u);
  EXPECT_EQ(log.bad_lines[0].what, "it has 3 fields: expected 18");
  EXPECT_EQ(log.bad_lines[1].number, 2u);
  EXPECT_EQ(log.bad_lines[1].what, "field 4 'x2': expected a whole number");
  EXPECT_EQ(log.bad_lines[2].number, 4u);
  EXPECT_EQ(log.bad_lines[2].what, "it has more than 18 fields");
  EXPECT_EQ(log.bad_lines[3].number, 5u);
}

TEST(Swf, GarbageIsToldAsText) {
  const SwfLog log = ParseSwf(std::string("\x1b]0;pwned\x07\0\xff\n", 13) + std::string(5000, 'x') + "\n");
  ASSERT_THAT(log.bad_lines, SizeIs(2));
  EXPECT_EQ(log.bad_lines[0].what, "field 1 '\\x1b]0;pwned\\x07\\0\\xff': expected a whole number");
  EXPECT_LT(log.bad_lines[1].what.size(), 150u) << "cut";
}

TEST(Swf, OfManyMalformedLinesOnlyTheFirstAreDescribed) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "no job\n";
  const SwfLog log = ParseSwf(text);
  EXPECT_EQ(log.bad_line_count, 100u);
  EXPECT_THAT(log.bad_lines, SizeIs(kMostBadLines));
}

TEST(Workload, FollowsTheRulesOfTheLogs) {
  const Workload workload = Normalise(ParseSwf(kTwoJobs)).value();
  EXPECT_EQ(workload.processors, 100);
  ASSERT_THAT(workload.jobs, SizeIs(2));
  // The second line was submitted first; it asks for no time and no processors.
  EXPECT_EQ(workload.jobs[0].submit, 0);
  EXPECT_EQ(workload.jobs[0].estimate, 20);
  EXPECT_EQ(workload.jobs[0].processors, 4);
  EXPECT_EQ(workload.jobs[1].submit, 5);
  EXPECT_EQ(workload.jobs[1].processors, 56);
  EXPECT_EQ(workload.jobs[1].estimate, 210000);
}

TEST(Workload, LeavesOutWhatNeverRanOrDoesNotFitAndKillsAtTheLimit) {
  const auto line = [](int submit, int run, int processors, int limit) {
    return "1 " + std::to_string(submit) + " 0 " + std::to_string(run) + " -1 -1 -1 " +
           std::to_string(processors) + " " + std::to_string(limit) + " -1 1 1 1 -1 -1 -1 -1 -1\n";
  };
  const std::string text =
      line(-1, 5, 1, 9) + line(0, 0, 1, 9) + line(0, 5, 0, 9) + line(0, 5, 11, 9) + line(3, 50, 10, 9);
  const Workload workload = Normalise(ParseSwf(text), 10).value();
  EXPECT_EQ(workload.left_out, 4u);
  ASSERT_THAT(workload.jobs, SizeIs(1));
  EXPECT_EQ(workload.jobs[0].run, 9);
  EXPECT_EQ(workload.jobs[0].submit, 0);
}

TEST(Workload, SaysWhatIsMissing) {
  EXPECT_THAT(Normalise(ParseSwf("1 0 1 20 4 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 -1 -1")).error().message,
              HasSubstr("--processors is missing"));
  EXPECT_EQ(Normalise(ParseSwf("; MaxProcs: 20000000\n")).error().message,
            "processors 20000000, of the log's header (; MaxProcs:): expected 1 to 1000000")
      << "a job of so many would be refused by the core";
  EXPECT_THAT(Normalise(ParseSwf(kTwoJobs), 1'000'001).error().message,
              HasSubstr("processors 1000001: expected 1 to 1000000"));
  EXPECT_THAT(Normalise(ParseSwf("; MaxProcs: 4\n")).error().message, HasSubstr("nothing to replay"));
}

TEST(Metrics, AreThoseOfTheLiterature) {
  const Workload workload{.processors = 2,
                          .jobs = {{.submit = 0, .run = 10, .estimate = 10, .processors = 2},
                                   {.submit = 0, .run = 2, .estimate = 2, .processors = 1}}};
  const Metrics m = Measure(workload, {0, 10});
  EXPECT_EQ(m.average_wait, 5);
  EXPECT_EQ(m.longest_wait, 10);
  EXPECT_EQ(m.median_wait, 10);
  EXPECT_DOUBLE_EQ(m.average_bounded_slowdown, (1.0 + 1.2) / 2);
  EXPECT_EQ(m.makespan, 12);
  EXPECT_DOUBLE_EQ(m.utilisation, 22.0 / 24);
  EXPECT_EQ(m.started_at_submit, 1u);
  EXPECT_EQ(Measure(workload, {0, 10}, 1).average_wait, 10);
}

class LogFile : public ::testing::Test {
 protected:
  LogFile() {
    char name[] = "/tmp/bsub-log-XXXXXX";
    folder = mkdtemp(name);
  }
  ~LogFile() override { std::filesystem::remove_all(folder); }
  std::string folder;
};

TEST_F(LogFile, IsReadPlainAndCompressed) {
  const std::string plain = folder + "/log.swf", packed = folder + "/log.swf.gz";
  std::ofstream(plain) << kTwoJobs;
  gzFile file = gzopen(packed.c_str(), "wb");
  gzwrite(file, kTwoJobs.data(), static_cast<unsigned>(kTwoJobs.size()));
  gzclose(file);
  EXPECT_EQ(ReadLog(plain).value(), kTwoJobs);
  EXPECT_EQ(ReadLog(packed).value(), kTwoJobs);
  std::filesystem::resize_file(packed, std::filesystem::file_size(packed) - 12);
  EXPECT_THAT(ReadLog(packed).error().message, HasSubstr("log.swf.gz: cannot be read"));
  EXPECT_EQ(ReadLog(folder + "/none").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace bsub::sim
