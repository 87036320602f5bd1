// A scenario on disk: prose and commands, a line of dashes, and what came of them; then a blank line.
//
//   # A job runs.
//   submit name=hello
//   ----
//   3 00:00:00Z JobSubmitted 1 name=hello by=alice queue=default asks="1 CPU"
//   Reply job 1 in default queue default
//
// BSUB_REWRITE=1 writes what really came out; the difference is then read by a person.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bsub::testing {

struct ScenarioStep {
  std::vector<std::string> input;   // comments, blank lines and commands, as written
  std::vector<std::string> output;  // expected
};

std::vector<ScenarioStep> ParseScenario(std::string_view text);
std::string PrintScenario(const std::vector<ScenarioStep>& steps);

}  // namespace bsub::testing
