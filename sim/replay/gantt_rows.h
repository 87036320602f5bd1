// Jobs on processors over time, for a Gantt view.
//
// The machine of a replay is one pool: which of its processors a job has is nowhere decided. For the picture
// each job gets those with the lowest numbers that are free when it starts, so that what is idle stands at
// the top.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/replay/replay.h"
#include "sim/replay/workload.h"

namespace bsub::sim {

struct ProcessorRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
  friend bool operator==(const ProcessorRange&, const ProcessorRange&) = default;
};

// By job; each one's ranges ascend and do not touch.
std::vector<std::vector<ProcessorRange>> AssignProcessors(const Workload& workload, const Starts& starts);

// How long jobs waited, in classes that are told apart by colour.
enum class WaitClass : std::uint8_t { kNone, kUpToAnHour, kUpToADay, kLonger };
inline constexpr std::size_t kWaitClasses = 4;
WaitClass WaitClassOf(std::int64_t wait_s);

// The same with time and processors in equal steps: each cell shows what took most of it.
struct GanttCells {
  static constexpr std::uint8_t kIdle = 0;  // else 1 + WaitClass
  std::size_t rows = 0, columns = 0;        // row 0: processors from 0
  std::vector<std::uint8_t> cells;          // row by row
  std::uint8_t At(std::size_t row, std::size_t column) const { return cells[row * columns + column]; }
};
GanttCells RasterGantt(const Workload& workload, const Starts& starts, std::size_t rows, std::size_t columns);

}  // namespace bsub::sim
