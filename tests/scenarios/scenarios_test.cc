// Every *.scenario file beside this test, run twice: the two runs must agree byte by byte, and with what the
// file says. BSUB_REWRITE=1 writes the files anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/check.h"
#include "tests/scenarios/scenario_file.h"
#include "tests/scenarios/scenario_run.h"

namespace bsub::testing {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> Files() {
  const char* root = std::getenv("BSUB_SOURCE_DIR");
  BSUB_CHECK(root != nullptr) << "BSUB_SOURCE_DIR is not set; run this through ctest";
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(root) / "tests" / "scenarios")) {
    if (entry.path().extension() == ".scenario") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool IsCommand(const std::string& line) { return !line.empty() && line[0] != '#'; }

std::vector<ScenarioStep> RunSteps(std::vector<ScenarioStep> steps) {
  ScenarioRun run;
  for (ScenarioStep& step : steps) {
    step.output.clear();
    const bool several = std::count_if(step.input.begin(), step.input.end(), IsCommand) > 1;
    for (const std::string& command : step.input) {
      if (!IsCommand(command)) continue;
      const std::vector<std::string> lines = run.Do(command);
      if (several) step.output.push_back("> " + command);
      step.output.insert(step.output.end(), lines.begin(), lines.end());
    }
  }
  return steps;
}

TEST(Scenarios, ComeOutAsWritten) {
  const std::vector<fs::path> files = Files();
  ASSERT_GE(files.size(), 10u) << "the scenarios were not found";
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.filename().string());
    const std::string written = Read(file);
    const std::vector<ScenarioStep> steps = ParseScenario(written);
    const std::string first = PrintScenario(RunSteps(steps)), second = PrintScenario(RunSteps(steps));
    EXPECT_EQ(first, second) << "equal inputs gave different journals";
    if (std::getenv("BSUB_REWRITE") != nullptr) {
      std::ofstream(file, std::ios::binary) << first;
    } else {
      EXPECT_EQ(first, written) << "if the new text is right, write it with BSUB_REWRITE=1";
    }
  }
}

TEST(Scenarios, FilesAreReadBackAsTheyArePrinted) {
  const std::string text = "# prose\nsubmit\n----\nout\n\ncycle\n----\n\nshow\n----\nlast\n";
  EXPECT_EQ(PrintScenario(ParseScenario(text)), text);
}

}  // namespace
}  // namespace bsub::testing
