// What the daemon asks of the journal: one write and one sync per batch, and nothing said before.
#pragma once

#include <cstdint>
#include <vector>

#include "common/result.h"
#include "scheduler/core/entry.h"
#include "scheduler/rpc/core_port.h"

namespace bsub::daemon {

class JournalPort {
 public:
  virtual ~JournalPort() = default;
  // Success means durable. Called by one thread. After a failure nothing is known about the batch, and the
  // process must end without a word about it.
  virtual Status Append(const std::vector<sched::JournalEntry>& entries,
                        const std::vector<rpc::StagedPayload>& payloads) = 0;
  // Called now and then by the same thread while there is nothing to append, however much is read; an error
  // means the same as Append's.
  virtual Status Idle() { return OkStatus(); }
  // An error: little is left of what is reserved on the disk, and no more can be had. New jobs are refused
  // with it and no task is started, so that what runs can still be reported. Any thread.
  virtual Status Room() const { return OkStatus(); }
  // Not 0: the next batch should end with a StateHashRecorded, since a segment is about to be closed. The
  // number tells one wish from the next: one hash serves one wish. Any thread.
  virtual std::uint64_t StateHashWanted() const = 0;
};

}  // namespace bsub::daemon
