// What is made durable together, and what is released afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "scheduler/core/entry.h"
#include "scheduler/core/message.h"
#include "scheduler/rpc/core_port.h"

namespace bsub::daemon {

struct Batch {
  std::vector<sched::JournalEntry> entries;
  std::vector<rpc::StagedPayload> payloads;
  bool sealed = false;                          // nothing may be added behind its last entry
  std::vector<std::function<void()>> releases;  // once the entries, and all before them, are durable
  std::vector<sched::Message> to_nodes;         // before these, in order
  std::uint64_t bytes = 0;                      // of entries and payloads; of the entries about

  bool empty() const { return entries.empty() && releases.empty() && to_nodes.empty(); }
  void AddEntries(std::vector<sched::JournalEntry> more);
  void AddPayloads(const std::vector<rpc::StagedPayload>& more);
  void Append(Batch more);
};

// What an entry takes in memory or in the journal, roughly: the parts that may be long are counted.
std::uint64_t RoughBytes(const sched::JournalEntry& entry);

}  // namespace bsub::daemon
