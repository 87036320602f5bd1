// After a worker has died: which children have failed by it, and which must run again alone.
//
// A thread that crashes, or ends the process, leaves a mark in its slot: its child has failed, and all others
// are innocent. A death without a mark (SIGKILL, for instance by the kernel when memory ran out) may be
// anybody's: those in flight become suspects and are run one at a time by the next worker; one that was
// running alone when the worker died again has failed.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "kernels/host/shared_table.h"

namespace bsub::kernels {

struct Verdict {
  std::vector<std::pair<std::uint64_t, Outcome>> failed;  // by child
  std::vector<std::uint64_t> suspects;                    // for the next worker, ascending
};

// `table`: as the dead worker left it. The suspects that it had been given and has not finished stay
// suspects.
Verdict Judge(SharedTable& table);

}  // namespace bsub::kernels
