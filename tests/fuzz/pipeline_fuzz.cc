// Any text at all is either a pipeline that can be planned or a list of problems, each one line with a line
// number that the text has.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "cli/pipeline/check.h"
#include "cli/pipeline/parse.h"
#include "cli/pipeline/plan.h"
#include "common/check.h"
#include "jobs/dependency.h"

namespace bsub::cli {
namespace {

void CheckProblems(const std::vector<Problem>& problems, std::string_view text) {
  const auto lines =
      std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r') + 1;
  for (const Problem& problem : problems) {
    BSUB_CHECK(problem.line >= 0 && problem.line <= lines + 1) << problem.line << ": " << problem.text;
    BSUB_CHECK(problem.text.find('\n') == std::string::npos) << problem.text;
  }
}

void CheckPlan(const Pipeline& pipeline) {
  const CheckedOrder checked = CheckPipeline(pipeline);
  BSUB_CHECK(checked.problems.empty() != checked.order.empty());
  if (!checked.problems.empty()) return;
  const auto plan = MakePlan(pipeline, checked.order, {}, {.new_run_id = "r"});
  BSUB_CHECK(plan && plan->steps.size() == pipeline.steps.size());
  const std::vector<std::uint64_t> jobs(pipeline.steps.size(), 1);
  for (const Step& step : pipeline.steps) {
    BSUB_CHECK(ParseDependency(DependencyText(step, jobs)) || step.needs.empty())
        << DependencyText(step, jobs);
  }
}

}  // namespace
}  // namespace bsub::cli

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed =
      bsub::cli::ParsePipeline({.text = text, .folder = "/f", .default_name = "x", .set = {{"a", "1"}}});
  bsub::cli::CheckProblems(parsed.problems, text);
  if (parsed.problems.empty()) bsub::cli::CheckPlan(parsed.pipeline);
  return 0;
}
