// The scheduling model of RLScheduler (Zhang et al., SC20) and the rows of its table that rest on plain keys.
//
// It is another model than the product's: a job is picked and then held until it fits, whatever comes
// meanwhile.
//   - The clock begins at the first job's submit. The queue is stably sorted by the policy's key and its
//   first
//     job picked; while it does not fit, one event after the other is let happen. Then the next is picked.
//   - An event is the next submit if that is not later than the first end of what runs, else that end.
//   - With backfill, when the picked job does not fit, it is computed once when it will by the estimates.
//   Before
//     each event every job of the queue, in the order of submits, starts that fits and is over before then.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "sim/replay/replay.h"
#include "sim/replay/workload.h"

namespace bsub::sim {

enum class Sc20Key : std::uint8_t {
  kFcfs,  // submit
  kSjf,   // estimate, submit
  kF1,    // log10(estimate) · processors + 870 · log10(submit), by the log's own submit times
};
inline constexpr Sc20Key kSc20Keys[] = {Sc20Key::kFcfs, Sc20Key::kSjf, Sc20Key::kF1};
std::string_view ToString(Sc20Key key);  // "FCFS"

// The first jobs, from 0 in the order of job numbers, of the published ten sequences of 1024 of Lublin-1.
inline constexpr std::size_t kSc20Length = 1024;
inline constexpr std::int64_t kSc20Processors = 256;
inline constexpr std::size_t kSc20Firsts[] = {1981, 2756, 4299, 8850, 3316, 2714, 5228, 7762, 4022, 7085};

// Jobs in the order of job numbers, with the log's own submit times.
Result<Workload> Sc20Workload(const SwfLog& log);

// `jobs`: in the order of submits, on an empty machine.
Starts Sc20Replay(const std::vector<WorkloadJob>& jobs, std::int64_t processors, Sc20Key key, bool backfill);

// The table: mean over the sequences of the mean bounded slowdown.
struct Sc20Cell {
  Sc20Key key = Sc20Key::kFcfs;
  bool backfill = false;
  double slowdown = 0;
};
Result<std::vector<Sc20Cell>> Sc20Table(const Workload& workload);

}  // namespace bsub::sim
