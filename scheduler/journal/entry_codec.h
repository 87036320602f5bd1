// Journal entries to bytes (api/bsub/v1/journal.proto) and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/hash.h"
#include "common/result.h"
#include "scheduler/core/entry.h"

namespace bsub::journal {

// The newest entry and snapshot contents this program reads. Raised with every new field or kind:
//   2  CountersLifted, JobSubmitted.begins_later, DefinitionRegistered.forgets_deregistered and forgets_in
//   3  jobs on several nodes: PartStarted, PartEnded, AttemptPlaced.others, AttemptEnded.last_part and
//      last_end, AttemptPlaced.placement; gang and node_ranges of settings and definitions;
//      NodeDescription.address
//   4  group, features and preferred_features of a gang's placement
//   5  interruptions: NodeNoticeSet, AttemptNoticed, AttemptEnded.cost and restarts, StopRequested for a
//      notice, JobMoved; settings' checkpoint; a gang's min_nodes; order, backfill, fair_share, weights,
//      favour_short and overdue_after of a queue; the use of shares
//   6  AttemptNoticed without a time;
//      limits of a queue by CPUs and by shares; advance reservations: ReservationMade, ReservationEnded,
//      settings' reservation; preempts of a queue, AttemptNoticed of preemption
//   7  PartEnded.is_cause; a gang's ending_elapsed_us
//   8  PartEnded.told, a gang's told; a task's saved_generation
inline constexpr std::uint32_t kContentVersion = 8;

// The least version that an entry's reader must know.
std::uint32_t VersionNeeded(const sched::EntryBody& body);

std::string EncodeEntry(const sched::JournalEntry& entry);

// Unimplemented for an entry from the future: names the version it needs. DataLoss for anything that
// EncodeEntry would write differently: nothing is ever half understood.
Result<sched::JournalEntry> DecodeEntry(std::string_view bytes);

// The same of what a snapshot holds.
std::uint32_t VersionNeeded(const JobSettings& settings);
std::uint32_t VersionNeeded(const JobDefinition& definition);
std::uint32_t VersionNeeded(const sched::NodeDescription& node);
std::uint32_t VersionNeeded(const sched::Task& task);
std::uint32_t VersionNeeded(const sched::Queue& queue);

// The payloads that an entry names for the first time.
std::vector<PayloadHash> PayloadsNamedBy(const sched::JournalEntry& entry);

}  // namespace bsub::journal
