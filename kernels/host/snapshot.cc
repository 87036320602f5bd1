#include "kernels/host/snapshot.h"

#include <algorithm>

namespace bsub::kernels {

Snapshot::Snapshot(const TableShape& shape)
    : shape_(shape), outcomes_(shape.children), records_(shape.children * shape.record_bytes) {}

std::uint64_t Snapshot::TakeFrom(const SharedTable& table) {
  const std::uint64_t before = finished_;
  for (std::uint64_t child = 0; child < shape_.children; ++child) {
    if (outcomes_[child] != 0) continue;
    const Outcome outcome = table.outcome(child);
    if (outcome == Outcome::kUnfinished) continue;
    outcomes_[child] = static_cast<std::uint16_t>(outcome);
    std::copy_n(table.record(child), shape_.record_bytes, records_.data() + child * shape_.record_bytes);
    ++finished_;
    if (Failed(outcome)) ++failed_;
  }
  return finished_ - before;
}

void Snapshot::GiveTo(SharedTable& table) const {
  for (std::uint64_t child = 0; child < shape_.children; ++child) {
    if (outcomes_[child] == 0) continue;
    std::copy_n(records_.data() + child * shape_.record_bytes, shape_.record_bytes, table.record(child));
    table.Finish(child, static_cast<Outcome>(outcomes_[child]));
  }
}

void Snapshot::CountAgain() {
  finished_ = failed_ = 0;
  for (const std::uint16_t outcome : outcomes_) {
    finished_ += outcome != 0;
    failed_ += Failed(static_cast<Outcome>(outcome));
  }
}

}  // namespace bsub::kernels
