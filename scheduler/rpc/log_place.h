// Where the output of one of a task's attempts is to be looked for, as the core or the history knows it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/ids.h"
#include "scheduler/core/refs.h"
#include "scheduler/core/state.h"
#include "scheduler/rpc/history_port.h"

namespace bsub::rpc {

struct LogPlace {
  sched::AttemptRef attempt;
  std::string id;         // for messages
  std::string node_name;  // empty: to be found in the history
  NodeId node;            // not valid: it is no longer known
  Sequence seen;
  bool waiting = false;     // there is no attempt yet
  bool live = false;        // the attempt is not over as far as the core knows
  bool over = false;        // the job is
  bool last_shown = false;  // and none of its attempts is behind those that were shown
  std::uint32_t least = 0;  // the attempt that is wanted, or the first one after it; 0: the newest
};

// Of a task that the core knows. `attempt`: the one that was asked for; 0: the newest. `least`: as in
// LogPlace.
LogPlace PlaceInCore(const sched::State& state, const sched::Job& job, std::uint32_t ordinal,
                     std::uint32_t attempt, std::uint32_t least);

// Which of a task's past attempts, in ascending order, the place is about. Null: none.
const PastAttempt* ChooseAttempt(const std::vector<PastAttempt>& attempts, const LogPlace& place);

}  // namespace bsub::rpc
