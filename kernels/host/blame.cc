#include "kernels/host/blame.h"

#include <algorithm>

namespace bsub::kernels {
namespace {

bool IsUnfinished(const SharedTable& table, std::uint64_t child) {
  return child < table.shape().children && table.outcome(child) == Outcome::kUnfinished;
}

}  // namespace

Verdict Judge(SharedTable& table) {
  Verdict verdict;
  std::vector<std::uint64_t> in_flight;
  for (const Slot& slot : table.slots()) {
    const std::uint64_t child = slot.child.load();
    if (!IsUnfinished(table, child)) continue;
    const auto blamed = static_cast<Outcome>(slot.blamed.load());
    if (blamed != Outcome::kUnfinished) {
      verdict.failed.emplace_back(child, blamed);
    } else {
      in_flight.push_back(child);
    }
  }
  if (verdict.failed.empty()) {
    if (table.alone()) {
      for (const std::uint64_t child : in_flight) verdict.failed.emplace_back(child, Outcome::kKilledTwice);
    } else {
      verdict.suspects = in_flight;
    }
  }
  const auto has_failed = [&](std::uint64_t child) {
    return std::any_of(verdict.failed.begin(), verdict.failed.end(),
                       [child](const auto& one) { return one.first == child; });
  };
  for (const std::uint64_t child : table.suspects())
    if (IsUnfinished(table, child) && !has_failed(child)) verdict.suspects.push_back(child);
  std::sort(verdict.suspects.begin(), verdict.suspects.end());
  verdict.suspects.erase(std::unique(verdict.suspects.begin(), verdict.suspects.end()),
                         verdict.suspects.end());
  return verdict;
}

}  // namespace bsub::kernels
