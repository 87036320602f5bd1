#include "checkpoint/control/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace bsub::control {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;

TEST(Report, ComesBackAsItWas) {
  const Report report = Report("committed")
                            .Add("generation", std::uint64_t{7})
                            .Add("seconds", 0.25)
                            .Add("reason", "no space left on device: 100 % full\nnot even a line");
  const std::string line = FormatReport(report);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  Report read;
  ASSERT_TRUE(ParseReport(std::string_view(line).substr(0, line.size() - 1), read));
  EXPECT_EQ(read, report);
  EXPECT_EQ(read.Number("generation"), 7u);
  EXPECT_DOUBLE_EQ(read.Seconds("seconds"), 0.25);
  EXPECT_EQ(read.Number("reason"), 0u);
  EXPECT_EQ(read.Text("nothing"), "");
}

TEST(Report, ALongValueIsCutAndTheLineStillFits) {
  const std::string line =
      FormatReport(Report("failed").Add("reason", std::string(9000, '\n')).Add("step", std::uint64_t{4}));
  EXPECT_LE(line.size(), 4096u);
  Report read;
  ASSERT_TRUE(ParseReport(std::string_view(line).substr(0, line.size() - 1), read));
  EXPECT_EQ(read.Number("step"), 4u);
  EXPECT_GT(read.Text("reason").size(), 1000u);
}

TEST(Report, WhatIsNoReportIsRefused) {
  Report read;
  for (const char* line :
       {"", " ", "Committed", "a b", "a =1", "a b=1  c=2", "a b=%4", "a b=%zz", "a b=\x01"}) {
    EXPECT_FALSE(ParseReport(line, read)) << line;
  }
  EXPECT_TRUE(ParseReport("stopped", read));
}

TEST(Report, OnlyFinishedLinesAreTaken) {
  std::vector<Report> reports;
  const std::string text = "saving generation=1\nrubbish here\ncommitted generation=1\nstopp";
  EXPECT_EQ(TakeReports(text, reports), text.size() - 5);
  EXPECT_THAT(reports, ElementsAre(Field(&Report::kind, "saving"), Field(&Report::kind, "committed")));
}

TEST(Report, ALineWithoutEndIsGivenUp) {
  std::vector<Report> reports;
  EXPECT_EQ(TakeReports(std::string(5000, 'a'), reports), 5000u);
  EXPECT_TRUE(reports.empty());
}

TEST(Report, IsAppendedWithItsTime) {
  std::string directory = (std::filesystem::temp_directory_path() / "bsub-report-XXXXXX").string();
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  ASSERT_EQ(AppendReport(directory, Report("opened")), 0);
  ASSERT_EQ(AppendReport(directory, Report("stopped").Add("generation", std::uint64_t{2})), 0);
  std::ifstream in(directory + "/report");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::vector<Report> reports;
  EXPECT_EQ(TakeReports(text, reports), text.size());
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[1].Number("generation"), 2u);
  EXPECT_GE(reports[1].Number("at"), reports[0].Number("at"));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace bsub::control
