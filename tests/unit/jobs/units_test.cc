#include "jobs/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

template <typename T>
std::string ErrorOf(const Result<T>& result) {
  return result ? "parsed" : result.error().message;
}

TEST(ParseBytes, UnitsArePowersOf1024InAnyCase) {
  EXPECT_EQ(ParseBytes("4096").value(), 4096);
  EXPECT_EQ(ParseBytes("512M").value(), 512LL << 20);
  EXPECT_EQ(ParseBytes("4g").value(), 4LL << 30);
  EXPECT_EQ(ParseBytes("100KB").value(), 100 << 10);
  EXPECT_EQ(ParseBytes("1.5 GiB").value(), 3LL << 29);
  EXPECT_EQ(ParseBytes("2T").value(), 2LL << 40);
  EXPECT_EQ(ParseBytes("7B").value(), 7);
  EXPECT_EQ(ParseBytes("0").value(), 0);
}

TEST(ParseBytes, ABareNumberTakesTheGivenUnit) {
  EXPECT_EQ(ParseBytes("100", 1 << 20).value(), 100LL << 20);
  EXPECT_EQ(ParseBytes("1.5", 1 << 20).value(), 3LL << 19);
  EXPECT_EQ(ParseBytes("1K", 1 << 20).value(), 1024);
}

TEST(ParseBytes, FractionsAreRoundedUp) {
  EXPECT_EQ(ParseBytes("0.5").value(), 1);
  EXPECT_EQ(ParseBytes(".5K").value(), 512);
  EXPECT_EQ(ParseBytes("1.K").value(), 1024);
  EXPECT_EQ(ParseBytes("0.0000000001K").value(), 1);
}

TEST(ParseBytes, MistakesAreExplained) {
  for (const char* text : {"", "G", "4X", "-1", "4GG", "1,5G", "0x10", ".", "1.5.2G"}) {
    EXPECT_THAT(ErrorOf(ParseBytes(text)), HasSubstr("as in 512M or 1.5G")) << text;
  }
  EXPECT_THAT(ErrorOf(ParseBytes("9223372036854775807K")), HasSubstr("too large"));
  EXPECT_FALSE(ParseBytes("9223372036854775808"));
  EXPECT_EQ(ParseBytes("9223372036854775807").value(), 9223372036854775807LL);
}

TEST(ParseDuration, ReadsUnitsSumsAndClocks) {
  EXPECT_EQ(ParseDuration("90").value(), 90s);
  EXPECT_EQ(ParseDuration("90s").value(), 90s);
  EXPECT_EQ(ParseDuration("15m").value(), 15min);
  EXPECT_EQ(ParseDuration("1h30m").value(), 90min);
  EXPECT_EQ(ParseDuration("2d").value(), 48h);
  EXPECT_EQ(ParseDuration("1w").value(), 168h);
  EXPECT_EQ(ParseDuration("1.5h").value(), 90min);
  EXPECT_EQ(ParseDuration("250ms").value(), 250ms);
  EXPECT_EQ(ParseDuration("1:30:00").value(), 90min);
  EXPECT_EQ(ParseDuration("100:00:01").value(), 100h + 1s);
  EXPECT_EQ(ParseDuration("0").value(), 0s);
}

TEST(ParseDuration, ABareNumberTakesTheGivenUnit) { EXPECT_EQ(ParseDuration("1.5", 1min).value(), 90s); }

TEST(ParseDuration, MistakesAreExplained) {
  for (const char* text : {"", "h", "-5m", "1x", "1h 30m x", "30m1h", "1m1m", "1h30", "1:99:00", "1:2:3:4"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
  EXPECT_THAT(ErrorOf(ParseDuration("soon")), HasSubstr("expected for example 90s"));
  EXPECT_THAT(ErrorOf(ParseDuration("1:30")), HasSubstr("write hours:minutes:seconds"));
  EXPECT_THAT(ErrorOf(ParseDuration("36501d")), HasSubstr("too long"));
  EXPECT_THAT(ErrorOf(ParseDuration("9223372036854775807w")), HasSubstr("too long"));
}

TEST(ParseCpus, GivesThousandths) {
  EXPECT_EQ(ParseCpus("2").value(), 2000);
  EXPECT_EQ(ParseCpus("0.5").value(), 500);
  EXPECT_EQ(ParseCpus("1.25").value(), 1250);
  EXPECT_EQ(ParseCpus("500m").value(), 500);
  EXPECT_EQ(ParseCpus("0.0001").value(), 1);
  for (const char* text : {"", "0", "-1", "two", "2c", "0m", "1000001"})
    EXPECT_FALSE(ParseCpus(text)) << text;
}

TEST(ParseBeginTime, ReadsDatesInUtc) {
  const TimePoint ten(1'795'255'200'000'000);
  for (const char* text :
       {"2026-11-21T10:00:00Z", "2026-11-21 10:00", "2026-11-21T10:00", "2026-11-21t10:00:00z",
        "2026-11-21T12:00:00+02:00", "2026-11-21T04:30:00-05:30"}) {
    EXPECT_EQ(ParseBeginTime(text, {}).value(), ten) << text;
  }
  EXPECT_EQ(ParseBeginTime("2026-11-21", {}).value(), ten - 10h);
  EXPECT_EQ(ParseBeginTime("2024-02-29T00:00:00.5Z", {}).value().micros(), 1'709'164'800'500'000);
}

TEST(ParseBeginTime, ReadsWhatFormatUtcWrites) {
  for (const std::int64_t micros : {1'000'000LL, 1'795'227'480'123'456LL, 4'102'444'799'999'999LL}) {
    EXPECT_EQ(ParseBeginTime(FormatUtc(TimePoint(micros)), {}).value(), TimePoint(micros));
  }
}

TEST(ParseBeginTime, ReadsDelays) {
  const TimePoint now(1'000'000'000);
  EXPECT_EQ(ParseBeginTime("+15m", now).value(), now + 15min);
  EXPECT_EQ(ParseBeginTime("now+2h", now).value(), now + 2h);
  EXPECT_EQ(ParseBeginTime("now", now).value(), now);
}

TEST(ParseBeginTime, RefusesWhatIsNoTime) {
  for (const char* text : {"", "tomorrow", "now-1h", "2026-13-01", "2026-02-29", "2026-11-21T25:00",
                           "2026-11-21X10:00", "2026-11-21T10:00:00+2", "2026-11-21T10", "1969-12-31",
                           "2026-11-21T10:00:60Z", "nowish", "2026-11-21T10:00Zx", "now2026-11-21"}) {
    EXPECT_FALSE(ParseBeginTime(text, TimePoint(1))) << text;
  }
}

TEST(ParseInteger, ChecksTheRange) {
  EXPECT_EQ(ParseInteger("-50", -100, 100).value(), -50);
  EXPECT_EQ(ParseInteger("+7", 0, 10).value(), 7);
  EXPECT_THAT(ErrorOf(ParseInteger("101", -100, 100)),
              HasSubstr("'101' is out of range; expected a whole number from -100 to 100"));
  EXPECT_THAT(ErrorOf(ParseInteger("99999999999999999999", 0, 1)), HasSubstr("out of range"));
  for (const char* text : {"", "x", "1x", "--1", "1.5", "-"}) {
    EXPECT_THAT(ErrorOf(ParseInteger(text, 0, 10)), HasSubstr("is not a whole number")) << text;
  }
}

TEST(Format, WritesAmountsForPeople) {
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(4LL << 30), "4.0 GiB");
  EXPECT_EQ(FormatBytes(5LL << 40), "5.0 TiB");
  EXPECT_EQ(FormatCpus(2000), "2");
  EXPECT_EQ(FormatCpus(500), "0.5");
  EXPECT_EQ(FormatCpus(1250), "1.25");
  EXPECT_EQ(FormatCpus(10), "0.01");
}

}  // namespace
}  // namespace bsub
