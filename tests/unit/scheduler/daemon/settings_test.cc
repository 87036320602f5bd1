#include "scheduler/daemon/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace bsub::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& yaml) {
  DaemonSettings settings;
  const Status read = ReadSettings(yaml, settings);
  return read ? "accepted" : read.error().message;
}

TEST(Settings, ReadsWhatIsSetAndKeepsTheRest) {
  DaemonSettings settings;
  const Status read = ReadSettings(
      "core:\n  lease: 1m\n  admins: [ada, bob]\nrpc:\n  heartbeat: 250ms\n  max_script_bytes: 1M\n  "
      "socket_mode: 0600\n",
      settings);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(settings.core.lease, std::chrono::minutes(1));
  EXPECT_THAT(settings.core.authority.admins, ElementsAre("ada", "bob"));
  EXPECT_EQ(settings.rpc.heartbeat, std::chrono::milliseconds(250));
  EXPECT_EQ(settings.rpc.max_script_bytes, std::size_t{1} << 20);
  EXPECT_EQ(settings.rpc.socket_mode, 0600u);
  EXPECT_EQ(settings.core.lease_margin, DaemonSettings().core.lease_margin);
}

TEST(Settings, MistakesNameTheirLine) {
  EXPECT_THAT(ErrorOf("core:\n  leese: 1m\n"),
              HasSubstr("line 2: there is no setting 'core.leese'; did you mean 'core.lease'?"));
  EXPECT_THAT(ErrorOf("\ncoer:\n  lease: 1m\n"),
              HasSubstr("line 2: there is no section 'coer'; did you mean 'core'?"));
  EXPECT_THAT(ErrorOf("core:\n  lease: soon\n"), HasSubstr("line 2: core.lease: "));
  EXPECT_THAT(ErrorOf("core:\n  lease: 1m\n  lease: 2m\n"), HasSubstr("line 3: core.lease is set twice"));
  EXPECT_THAT(ErrorOf("rpc:\n  reader_threads: 0\n"), HasSubstr("line 2: rpc.reader_threads"));
  EXPECT_THAT(ErrorOf("rpc:\n  slow_reader_pause: 0s\n"), HasSubstr("is too short; at least 1ms"));
  EXPECT_THAT(ErrorOf("rpc:\n  gather_reports: 1h\n"),
              HasSubstr("rpc.gather_reports: '1h' is too long; expected from 0s to 1s"));
  EXPECT_THAT(ErrorOf("core:\n  max_kept_node_tries: 0\n"), HasSubstr("line 2: core.max_kept_node_tries"));
  EXPECT_THAT(ErrorOf("core:\n  kept_node_candidates: 0\n"), HasSubstr("line 2: core.kept_node_candidates"));
  EXPECT_THAT(ErrorOf("core:\n  kept_node_shortest_guess: 0s\n"), HasSubstr("at least 1ms"));
  EXPECT_THAT(ErrorOf("core:\n  forget_interval: 1ms\n"), HasSubstr("at least 10ms"));
  EXPECT_THAT(ErrorOf("core:\n  early_forget_interval: 1ms\n"), HasSubstr("at least 10ms"));
  EXPECT_THAT(ErrorOf("journal:\n  max_unreleased: 0\n"), HasSubstr("line 2: journal.max_unreleased"));
  EXPECT_THAT(ErrorOf("rpc:\n  socket_mode: 0999\n"), HasSubstr("octal"));
  EXPECT_THAT(ErrorOf("rpc:\n  max_message_bytes: 1G\n"), HasSubstr("'1G': expected at most 256M"));
  EXPECT_THAT(ErrorOf("core: [\n"), HasSubstr("not YAML"));
  EXPECT_THAT(ErrorOf("just words"), HasSubstr("line 1: expected sections"));
  EXPECT_EQ(ErrorOf(""), "accepted");
  EXPECT_EQ(ErrorOf("core:\n"), "accepted");
}

TEST(Settings, MaintenanceOfAClusterConfigurationIsPlannedByNodeNames) {
  const std::string cluster =
      "types: {t: {cpus: 2, memory: 1G}}\nlevels:\n  - {name: rack, latency: 5us, bandwidth: 1GB/s}\n"
      "  - {name: node, latency: 1us, bandwidth: 9GB/s}\ntree: {nodes: 2}\n";
  DaemonSettings settings;
  ASSERT_TRUE(ReadSettings(cluster, settings));
  EXPECT_FALSE(settings.maintenance);
  ASSERT_TRUE(ReadSettings(cluster + "settings:\n", settings));
  const std::string first = settings.core.topology->node(0).name;
  ASSERT_TRUE(ReadSettings(cluster + "maintenance:\n  - {name: fix, nodes: [" + first +
                               "], time_zone: UTC, start: 2026-12-06 06:00, length: 4h, every: week}\n",
                           settings));
  ASSERT_TRUE(settings.maintenance);
  const TimePoint now(1'796'515'200'000'000);  // 2026-12-06T00:00:00Z
  const auto windows = settings.maintenance(now, now + std::chrono::hours(24 * 10));
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[0].name, "fix");
  EXPECT_EQ(windows[0].from, now + std::chrono::hours(6));
  EXPECT_EQ(windows[0].to, now + std::chrono::hours(10));
  EXPECT_EQ(windows[0].nodes, std::vector<std::string>{first});
  EXPECT_EQ(windows[1].from, now + std::chrono::hours(6 + 24 * 7));
}

TEST(Settings, StandInAClusterConfigurationToo) {
  const std::string cluster =
      "levels:\n  - {name: rack, latency: 5us, bandwidth: 1GB/s}\n  - {name: node, latency: 1us, bandwidth: "
      "9GB/s}\n"
      "types: {t: {cpus: 2, memory: 1G}}\ntree: {nodes: 2}\n";
  DaemonSettings settings;
  ASSERT_TRUE(ReadSettings(cluster, settings));
  EXPECT_EQ(settings.core.lease, DaemonSettings{}.core.lease);
  ASSERT_TRUE(settings.core.topology);
  EXPECT_EQ(settings.core.topology->node_count(), 2u);
  ASSERT_TRUE(ReadSettings(cluster + "settings:\n  core:\n    lease: 77s\n", settings));
  EXPECT_EQ(settings.core.lease, std::chrono::seconds(77));
  EXPECT_EQ(
      ReadSettings(cluster + "settings:\n  core:\n    leas: 77s\n", settings).error().message.substr(0, 7),
      "line 8:");
  EXPECT_EQ(ReadSettings(cluster + "nmae: x\n", settings).error().message,
            "line 6: cluster: unknown key 'nmae'; did you mean 'name'?");
}

TEST(Settings, PrintedOnesReadBackToTheSame) {
  DaemonSettings settings;
  ASSERT_TRUE(ReadSettings("core:\n  lease: 1500ms\n  admins: ada bob\nrpc:\n  max_unread_log_bytes: 12345\n",
                           settings));
  DaemonSettings again;
  const Status read = ReadSettings(PrintSettings(settings), again);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(PrintSettings(again), PrintSettings(settings));
  EXPECT_NE(PrintSettings(again), PrintSettings(DaemonSettings()));
}

// `BSUB_BLESS=1 ctest -R settings` writes the manual anew.
TEST(Settings, ManualSaysWhatTheTableSays) {
  const std::string path = std::string(std::getenv("BSUB_SOURCE_DIR")) + "/docs/settings.md";
  if (std::getenv("BSUB_BLESS")) std::ofstream(path) << SettingsManual();
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), SettingsManual()) << "run with BSUB_BLESS=1 to write " << path;
}

}  // namespace
}  // namespace bsub::daemon
