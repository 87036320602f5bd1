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
inline constexpr std::uint32_t kContentVersion = 2;

// The least version that an entry's reader must know.
std::uint32_t VersionNeeded(const sched::EntryBody& body);

std::string EncodeEntry(const sched::JournalEntry& entry);

// Unimplemented for an entry from the future: names the version it needs. DataLoss for anything that
// EncodeEntry would write differently: nothing is ever half understood.
Result<sched::JournalEntry> DecodeEntry(std::string_view bytes);

// The payloads that an entry names for the first time.
std::vector<PayloadHash> PayloadsNamedBy(const sched::JournalEntry& entry);

}  // namespace bsub::journal
