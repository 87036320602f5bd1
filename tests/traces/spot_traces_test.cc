// Recorded interruptions as a drill plays them: each loss of a machine is one strike, of the real files too.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/drill_strikes.h"
#include "tests/traces/trace_files.h"

namespace bsub::testing {
namespace {

namespace fs = std::filesystem;

// Read without the drill's reader.
std::size_t Losses(const fs::path& file, const std::string& text) {
  std::size_t losses = 0;
  if (file.extension() == ".csv") {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) losses += line.find(",remove,") != std::string::npos;
    return losses;
  }
  const auto counts = nlohmann::json::parse(text).at("data").get<std::vector<int>>();
  for (std::size_t k = 1; k < counts.size(); ++k)
    losses += static_cast<std::size_t>(std::max(0, counts[k - 1] - counts[k]));
  return losses;
}

TEST(SpotTraces, EachLossIsAStrike) {
  const auto folder = TracesFolder();
  if (!folder || !fs::exists(*folder + "/spot")) GTEST_SKIP() << kNoTraces;
  cli::TracePlay play{{}, std::chrono::seconds(10), std::chrono::hours(24 * 365), 1};
  for (int i = 0; i < 1000; ++i) play.nodes.push_back("n" + std::to_string(i));
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(*folder + "/spot")) {
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const auto strikes = cli::ReadTrace(text, play);
    ASSERT_TRUE(strikes) << entry.path() << ": " << strikes.error().message;
    EXPECT_GT(strikes->size(), 0u) << entry.path();
    EXPECT_EQ(strikes->size(), Losses(entry.path(), text)) << entry.path();
    EXPECT_EQ(*strikes, *cli::ReadTrace(text, play)) << "the same trace is the same drill";
    ++files;
  }
  EXPECT_GT(files, 0u);
}

}  // namespace
}  // namespace bsub::testing
