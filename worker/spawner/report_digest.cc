#include "worker/spawner/report_digest.h"

#include <algorithm>
#include <string_view>

namespace bsub::spawner {
namespace {

constexpr double kLongestSave = 1e9;  // seconds: nonsense beyond that must not overflow

}  // namespace

// The next attempt is told of it and expects it in the task's own directory. A program may load another job's
// store, and save in one elsewhere.
void ReportDigest::TakeGeneration(const control::Report& report) {
  const std::string_view store = report.Text("store");
  const bool own = store_.empty() || store.empty() || store == store_ || store.starts_with(store_ + "/");
  if (own) state_.generation = report.Number("generation");
}

void ReportDigest::Take(const control::Report& report) {
  const auto at_ns = static_cast<std::int64_t>(std::min<std::uint64_t>(report.Number("at"), INT64_MAX));
  if (report.kind == "stopped") {
    state_.stopped = true;
    if (!tells_saves_) TakeGeneration(report);
    return;
  }
  if (report.kind == "stopping") {
    state_.stopping = true;
    return;
  }
  if (report.kind == "opened") {
    if (state_.work_from_ns == 0) state_.work_from_ns = at_ns;
  } else if (report.kind == "loaded") {
    TakeGeneration(report);
    if (state_.committed_ns == 0) state_.work_from_ns = at_ns;
  } else if (report.kind == "committed") {
    TakeGeneration(report);
    state_.committed_ns = at_ns;
    const auto took_ns = static_cast<std::int64_t>(std::min(report.Seconds("seconds"), kLongestSave) * 1e9);
    state_.work_from_ns = at_ns > took_ns ? at_ns - took_ns : at_ns;
    state_.failure.clear();
  } else if (report.kind == "failed") {
    state_.failure = report.Text("reason").empty() ? "it told no reason" : report.Text("reason");
    // It got no store. What runs instead (./with_library || ./own_files) may save and not tell of it.
    if (!tells_saves_ && report.Text("generation").empty()) return;
  } else {
    return;
  }
  tells_saves_ = true;
}

SavedState ReportDigest::Now(std::int64_t noticed_ns) const {
  SavedState state = state_;
  if (tells_saves_)
    state.saved_for_notice =
        state.committed_ns > 0 && state.work_from_ns >= noticed_ns && state.failure.empty();
  return state;
}

}  // namespace bsub::spawner
