// docs/node-settings.md says what the programs' option tables say.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "worker/daemon/settings.h"
#include "worker/spawner/settings.h"

namespace bsub {
namespace {

constexpr char kIntro[] =
    "# Settings of a node\n\n"
    "Both programs of a node take their settings from the command line only, so that what runs is seen in "
    "`ps`; "
    "`--help` prints them\ntoo. TIME: `250ms`, `30s`, `1h30m`; SIZE: `64M`, `1.5G`; BYTES and COUNT are "
    "plain "
    "numbers. How the programs are started: [nodes.md](nodes.md).\n\n";

std::string Manual() {
  return std::string(kIntro) + "## `bsub-lite-spawner`\n\n" + spawner::SettingsManual() +
         "\n## `bsub-lite-agent`\n\n" + worker::SettingsManual();
}

// `BSUB_BLESS=1 ctest -R settings` writes the manual anew.
TEST(NodeSettings, ManualSaysWhatTheTablesSay) {
  const std::string path = std::string(std::getenv("BSUB_SOURCE_DIR")) + "/docs/node-settings.md";
  if (std::getenv("BSUB_BLESS")) std::ofstream(path) << Manual();
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), Manual()) << "run with BSUB_BLESS=1 to write " << path;
}

template <typename Parse>
std::string ErrorOf(Parse parse, std::vector<const char*> words) {
  const auto parsed = parse(static_cast<int>(words.size()), words.data());
  return parsed ? "accepted" : parsed.error().message;
}

// Each would turn a pause into a busy loop.
TEST(NodeSettings, APauseOfNothingIsRefused) {
  EXPECT_EQ(ErrorOf(spawner::ParseArguments, {"s", "--state", "x", "--sweep-again", "0s"}),
            "--sweep-again is 0us, expected at least 1ms");
  EXPECT_EQ(ErrorOf(spawner::ParseArguments, {"s", "--state", "x", "--notice-again", "0s"}),
            "--notice-again is 0us, expected at least 1ms");
  EXPECT_EQ(
      ErrorOf(worker::ParseArguments, {"a", "--scheduler", "unix:x", "--spawner", "./y", "--log-look", "0s"}),
      "--log-look is 0s, expected at least 1ms");
}

TEST(NodeSettings, WhatIsGivenIsTaken) {
  const std::vector<const char*> words = {"s",  "--state",       "x", "--kill-again", "20ms", "--try-again",
                                          "3s", "--lease-slack", "7s"};
  const auto parsed = spawner::ParseArguments(static_cast<int>(words.size()), words.data());
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->settings.kill_again_us, 20'000);
  EXPECT_EQ(parsed->settings.try_again_us, 3'000'000);
  EXPECT_EQ(parsed->settings.lease_slack_us, 7'000'000);
}

}  // namespace
}  // namespace bsub
