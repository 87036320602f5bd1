// `bsub-lite journal dump` and `journal cut`: a journal directory for people's eyes, one JSON line per
// record.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "common/result.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/recovery.h"

namespace bsub::journal {

struct DumpOptions {
  std::uint64_t from = 1;           // first sequence; 1: from the oldest segment there is
  std::optional<std::uint64_t> to;  // last sequence
  bool payloads = false;  // the bytes of payload records too (commands, environments: may hold secrets)
  bool summary = false;   // no records: one object about the directory
};

// Only reads, and needs no lock: the scheduler may be running. Prints what is good up to damage, which is
// then the error; a torn tail is a line of its own.
Status DumpJournal(FileSystem& files, const std::string& directory, const DumpOptions& options,
                   std::ostream& out);

// CutJournal under the directory's lock: fails while a scheduler runs.
Result<CutReport> CutLockedJournal(FileSystem& files, const std::string& directory, std::uint64_t at);

}  // namespace bsub::journal
