#include "sim/replay/gantt_rows.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <utility>

#include "common/check.h"
#include "sim/replay/load_series.h"

namespace bsub::sim {
namespace {

class FreeProcessors {
 public:
  explicit FreeProcessors(std::int64_t count) { ranges_[0] = count; }

  std::vector<ProcessorRange> TakeLowest(std::int64_t count) {
    std::vector<ProcessorRange> taken;
    while (count > 0) {
      BSUB_CHECK(!ranges_.empty()) << "more processors in use than the machine has";
      const auto [first, free] = *ranges_.begin();
      const std::int64_t part = std::min(count, free);
      ranges_.erase(ranges_.begin());
      if (part < free) ranges_[first + part] = free - part;
      taken.push_back({first, part});
      count -= part;
    }
    return taken;
  }

  void Give(const std::vector<ProcessorRange>& ranges) {
    for (ProcessorRange range : ranges) {
      const auto next = ranges_.find(range.first + range.count);
      if (next != ranges_.end()) {
        range.count += next->second;
        ranges_.erase(next);
      }
      const auto after = ranges_.upper_bound(range.first);
      if (after != ranges_.begin() && std::prev(after)->first + std::prev(after)->second == range.first) {
        std::prev(after)->second += range.count;
      } else {
        ranges_[range.first] = range.count;
      }
    }
  }

 private:
  std::map<std::int64_t, std::int64_t> ranges_;  // first → count; never next to each other
};

// Cells before each one has a colour: processors × time taken, by class.
class TakenCells {
 public:
  TakenCells(std::size_t rows, std::size_t columns) : columns_(columns), taken_(rows * columns) {}

  // In rows and columns, fractions of them included.
  void Add(double row_from, double row_to, double column_from, double column_to, WaitClass wait) {
    for (auto row = static_cast<std::size_t>(row_from); static_cast<double>(row) < row_to; ++row) {
      const double high = Overlap(row, row_from, row_to);
      for (auto column = static_cast<std::size_t>(column_from);
           column < columns_ && static_cast<double>(column) < column_to; ++column) {
        taken_[row * columns_ + column][static_cast<std::size_t>(wait)] +=
            high * Overlap(column, column_from, column_to);
      }
    }
  }

  std::vector<std::uint8_t> Strongest() const {
    std::vector<std::uint8_t> cells;
    cells.reserve(taken_.size());
    for (const auto& taken : taken_) {
      const auto most = std::max_element(taken.begin(), taken.end());
      const double idle = 1 - std::accumulate(taken.begin(), taken.end(), 0.0);
      cells.push_back(idle > *most ? GanttCells::kIdle
                                   : static_cast<std::uint8_t>(1 + (most - taken.begin())));
    }
    return cells;
  }

 private:
  static double Overlap(std::size_t cell, double from, double to) {
    const auto low = static_cast<double>(cell);
    return std::min(to, low + 1) - std::max(from, low);
  }

  const std::size_t columns_;
  std::vector<std::array<double, kWaitClasses>> taken_;
};

}  // namespace

std::vector<std::vector<ProcessorRange>> AssignProcessors(const Workload& workload, const Starts& starts) {
  std::vector<std::pair<std::int64_t, std::size_t>> begins, ends;  // time, job
  for (std::size_t i = 0; i < starts.size(); ++i) {
    begins.emplace_back(starts[i], i);
    ends.emplace_back(starts[i] + workload.jobs[i].run, i);
  }
  std::sort(begins.begin(), begins.end());
  std::sort(ends.begin(), ends.end());
  std::vector<std::vector<ProcessorRange>> assigned(starts.size());
  FreeProcessors free(workload.processors);
  auto end = ends.begin();
  for (const auto& [time, job] : begins) {
    for (; end->first <= time; ++end) free.Give(assigned[end->second]);
    assigned[job] = free.TakeLowest(workload.jobs[job].processors);
  }
  return assigned;
}

WaitClass WaitClassOf(std::int64_t wait_s) {
  constexpr std::int64_t kHour = 3600, kDay = 24 * kHour;
  if (wait_s <= 0) return WaitClass::kNone;
  if (wait_s <= kHour) return WaitClass::kUpToAnHour;
  return wait_s <= kDay ? WaitClass::kUpToADay : WaitClass::kLonger;
}

GanttCells RasterGantt(const Workload& workload, const Starts& starts, std::size_t rows,
                       std::size_t columns) {
  const ReplaySpan span = SpanOf(workload, starts);
  const auto assigned = AssignProcessors(workload, starts);
  const double rows_per_processor = static_cast<double>(rows) / static_cast<double>(workload.processors);
  const double columns_per_second = static_cast<double>(columns) / span.length();
  TakenCells taken(rows, columns);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const WorkloadJob& job = workload.jobs[i];
    const double from = static_cast<double>(starts[i] - span.begin) * columns_per_second;
    const double to = from + static_cast<double>(job.run) * columns_per_second;
    for (const ProcessorRange& range : assigned[i]) {
      const double low = static_cast<double>(range.first) * rows_per_processor;
      const double high = static_cast<double>(range.first + range.count) * rows_per_processor;
      taken.Add(low, std::min(high, static_cast<double>(rows)), from, to,
                WaitClassOf(starts[i] - job.submit));
    }
  }
  return {.rows = rows, .columns = columns, .cells = taken.Strongest()};
}

}  // namespace bsub::sim
