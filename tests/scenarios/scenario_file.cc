#include "tests/scenarios/scenario_file.h"

#include <sstream>

namespace bsub::testing {
namespace {

constexpr std::string_view kDashes = "----";

}  // namespace

std::vector<ScenarioStep> ParseScenario(std::string_view text) {
  std::vector<ScenarioStep> steps;
  std::istringstream in{std::string(text)};
  ScenarioStep step;
  bool in_output = false;
  for (std::string line; std::getline(in, line);) {
    if (line == kDashes) {
      in_output = true;
    } else if (!in_output) {
      step.input.push_back(line);
    } else if (!line.empty()) {
      step.output.push_back(line);
    } else {
      steps.push_back(std::move(step));
      step = {};
      in_output = false;
    }
  }
  if (in_output || !step.input.empty()) steps.push_back(std::move(step));
  return steps;
}

std::string PrintScenario(const std::vector<ScenarioStep>& steps) {
  std::string text;
  for (const ScenarioStep& step : steps) {
    if (!text.empty()) text += "\n";
    for (const std::string& line : step.input) text += line + "\n";
    text += std::string(kDashes) + "\n";
    for (const std::string& line : step.output) text += line + "\n";
  }
  return text;
}

}  // namespace bsub::testing
