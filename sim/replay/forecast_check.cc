#include "sim/replay/forecast_check.h"

#include <algorithm>

#include "sim/replay/core_machine.h"

namespace bsub::sim {

void ForecastCheck::Ask(const CoreMachine& machine, std::size_t job) {
  if (waited_++ % every_ != 0) return;
  ++asked_;
  const auto outlook = machine.OutlookOf(job);
  if (outlook) answers_.push_back({job, outlook->p50, outlook->p90});
}

ForecastCheck::Result ForecastCheck::Judge(const Workload& workload, const Starts& starts) const {
  Result result{.asked = asked_, .answered = answers_.size()};
  std::vector<double> ratios;
  for (const Answer& answer : answers_) {
    const std::int64_t submit = workload.jobs[answer.job].submit, start = starts[answer.job];
    result.by_p50 += start <= answer.p50;
    result.by_p90 += start <= answer.p90;
    ratios.push_back(static_cast<double>(answer.p90 - submit) / static_cast<double>(start - submit));
  }
  if (ratios.empty()) return result;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  result.p90_to_wait = *middle;
  return result;
}

}  // namespace bsub::sim
