// What of a job is not in the core: its command (a payload) and its finished attempts (the history).
#pragma once

#include <optional>
#include <string>

#include "api/bsub/v1/scheduler.pb.h"
#include "common/hash.h"
#include "common/result.h"
#include "scheduler/core/refs.h"
#include "scheduler/rpc/history_port.h"
#include "scheduler/rpc/payload_port.h"

namespace bsub::rpc {

// What a look at the core, or at the history's jobs, gave, and what is still to be read.
struct HalfJob {
  v1::Job job;
  PayloadHash command;
  std::optional<sched::TaskRef> task;  // whose finished attempts to add; nothing: there are none
  bool forgotten = false;              // by the core: how it ended is in the history too
  // A child that failed without an attempt: the core has only a bit of it, the history the whole end. What it
  // says of many children at once is replaced by what the core knows of this one, if anything.
  bool never_ran = false;
  std::string why_never{};
};

// On a reader's thread. A command that was collected with an old job stays empty: the rest is worth showing.
void AddCommand(PayloadPort& payloads, HalfJob& half);
Status AddPast(HistoryPort& history, HalfJob& half);

}  // namespace bsub::rpc
