#include "scheduler/cluster_config/maintenance.h"

#include <gmock/gmock.h>

namespace bsub::cluster_config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

Maintenance Berlin(CivilMinute start, Repeat repeat, Duration length = 2h) {
  Maintenance out;
  out.name = "m";
  out.time_zone = "Europe/Berlin";
  out.start = start;
  out.repeat = repeat;
  out.length = length;
  return out;
}

// Midnight UTC.
TimePoint Day(int days_since_2026) {
  constexpr std::int64_t k2026 = 1'767'225'600;  // 2026-01-01T00:00:00Z
  return TimePoint((k2026 + days_since_2026 * std::int64_t{86'400}) * 1'000'000);
}

std::vector<std::string> Begins(const Maintenance& m, TimePoint from, TimePoint to, std::size_t most = 1000) {
  std::vector<std::string> begins;
  for (const auto& window : WindowsBetween(m, from, to, most)) {
    EXPECT_EQ(window.ends - window.begins, m.length);
    begins.push_back(FormatUtc(window.begins));
  }
  return begins;
}

TEST(MaintenanceWindows, FollowSummerTime) {
  // The clocks change on 29 March 2026.
  const Maintenance weekly = Berlin({2026, 3, 22, 22, 0}, Repeat::kWeekly);
  EXPECT_THAT(Begins(weekly, Day(70), Day(90)), ElementsAre("2026-03-22T21:00:00Z", "2026-03-29T20:00:00Z"));
}

TEST(MaintenanceWindows, ATimeThatDoesNotExistThatDay) {
  EXPECT_THAT(Begins(Berlin({2026, 3, 29, 2, 30}, Repeat::kOnce), Day(80), Day(100)),
              ElementsAre("2026-03-29T01:00:00Z"));
}

TEST(MaintenanceWindows, OnesThatHaveBegunAreStillThere) {
  const Maintenance once = Berlin({2026, 1, 1, 0, 0}, Repeat::kOnce, 48h);  // from 2025-12-31T23:00Z
  EXPECT_THAT(Begins(once, Day(1), Day(2)), ElementsAre("2025-12-31T23:00:00Z"));
  EXPECT_THAT(Begins(once, Day(2), Day(3)), IsEmpty());
}

TEST(MaintenanceWindows, RepeatLongAfterTheyWereWritten) {
  EXPECT_THAT(Begins(Berlin({2001, 5, 31, 12, 0}, Repeat::kMonthly), Day(0), Day(120)),
              ElementsAre("2026-01-31T11:00:00Z", "2026-03-31T10:00:00Z"));
  EXPECT_EQ(Begins(Berlin({2001, 5, 31, 12, 0}, Repeat::kDaily), Day(0), Day(365)).size(), 365u);
  EXPECT_EQ(Begins(Berlin({2001, 5, 31, 12, 0}, Repeat::kDaily), Day(0), Day(365), 10).size(), 10u);
}

TEST(MaintenanceWindows, EndWithUntil) {
  Maintenance daily = Berlin({2026, 1, 1, 12, 0}, Repeat::kDaily);
  daily.until = CivilMinute{2026, 1, 2, 12, 0};
  EXPECT_THAT(Begins(daily, Day(0), Day(9)), ElementsAre("2026-01-01T11:00:00Z", "2026-01-02T11:00:00Z"));
}

TEST(MaintenanceWindows, TimeZonesAndDatesAreChecked) {
  EXPECT_TRUE(IsTimeZone("America/New_York"));
  EXPECT_TRUE(IsTimeZone("UTC"));
  for (const char* bad : {"", "Mars/Olympus", "/etc/localtime", "../../etc/passwd", ":UTC"})
    EXPECT_FALSE(IsTimeZone(bad)) << bad;
  EXPECT_EQ(ParseCivilMinute("2026-12-01T22:05").value(), (CivilMinute{2026, 12, 1, 22, 5}));
  for (const char* bad : {"", "2026-12-01", "2026-02-30 10:00", "2026-12-01 24:00", "1999-12-01 10:00",
                          "2026-13-01 10:00", "2026-12-01 10:0x"}) {
    EXPECT_FALSE(ParseCivilMinute(bad)) << bad;
  }
}

}  // namespace
}  // namespace bsub::cluster_config
