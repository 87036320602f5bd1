#include "cli/table.h"

#include <gtest/gtest.h>

#include "cli/moments.h"

namespace bsub::cli {
namespace {

TEST(TableText, ColumnsAreAsWideAsTheirCells) {
  Table table({{"ID", true}, {"NAME"}, {"STATE"}});
  table.Add({"7", "a long name", "RUNNING"});
  table.Add({"123", "b", ""});
  EXPECT_EQ(table.Render(0),
            " ID  NAME         STATE\n"
            "  7  a long name  RUNNING\n"
            "123  b\n");
  EXPECT_EQ(table.Render(0, false).substr(0, 6), "  7  a");
}

TEST(TableText, LinesAreCutToTheTerminal) {
  Table table({{"NAME"}});
  table.Add({"abcdefghij"});
  EXPECT_EQ(table.Render(6), "NAME\nabcde~\n");
  EXPECT_EQ(table.Render(10), "NAME\nabcdefghij\n");
}

TEST(TableText, CountsCharactersNotBytes) {
  EXPECT_EQ(DisplayWidth("gr\xc3\xbc\xc3\x9f"), 4U);
  Table table({{"A"}, {"B"}});
  table.Add({"gr\xc3\xbc", "x"});
  table.Add({"abc", "y"});
  EXPECT_EQ(table.Render(0), "A    B\ngr\xc3\xbc  x\nabc  y\n");
  EXPECT_EQ(table.Render(3), "A ~\ngr~\nab~\n");
}

TEST(TableText, ControlCharactersDoNotBreakIt) {
  Table table({{"A"}});
  table.Add({"x\ny\x1b[31m"});
  EXPECT_EQ(table.Render(0), "A\nx y [31m\n");
}

TEST(Moments, WhatTheSchedulerSaysHasTimesAsTablesHaveThem) {
  const std::int64_t at_us = 1'767'225'900'123'456;  // 2026-01-01T00:05:00.123456Z
  const std::string local = LocalTime(at_us);
  EXPECT_EQ(WithLocalTimes("from 2026-01-01T00:05:00Z on"), "from " + local + " on");
  EXPECT_EQ(WithLocalTimes("2026-01-01T00:05:00.123456Z, 2026-01-01T00:05:00Z"), local + ", " + local);
  for (const char* other : {"", "2026-01-01", "2026-01-01T00:05:00", "2026-01-01T00:05:00.12", "1-2T3"})
    EXPECT_EQ(WithLocalTimes(other), other);
  EXPECT_EQ(LocalTimeMs(at_us), local + ".123");
  EXPECT_EQ(LocalTimeMs(0), "-");
}

}  // namespace
}  // namespace bsub::cli
