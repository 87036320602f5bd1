#include "scheduler/daemon/disk_journal_port.h"

#include "scheduler/daemon/slewed_clock.h"

namespace bsub::daemon {

DiskJournalPort::DiskJournalPort(journal::DiskJournal& journal, journal::SnapshotHelper helper,
                                 std::uint64_t kept_bytes, LogFn log)
    : journal_(journal),
      snapshots_(journal, std::move(helper)),
      room_(journal, kept_bytes),
      log_(std::move(log)) {
  LookForRoom();  // before the first job is taken
}

void DiskJournalPort::LookForRoom() {
  if (const std::optional<std::string> line = room_.Update(SteadyNow())) log_(*line);
}

Status DiskJournalPort::Append(const std::vector<sched::JournalEntry>& entries,
                               const std::vector<rpc::StagedPayload>& payloads) {
  std::vector<journal::StagedPayload> staged;
  staged.reserve(payloads.size());
  for (const rpc::StagedPayload& payload : payloads) staged.push_back({payload.hash, payload.bytes});
  BSUB_RETURN_IF_ERROR(journal_.Append(entries, staged));
  return Advance(entries);
}

Status DiskJournalPort::Idle() { return Advance({}); }

Status DiskJournalPort::Advance(std::span<const sched::JournalEntry> appended) {
  BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> lines, snapshots_.Advance(appended, WallNow()));
  for (const std::string& line : lines) log_(line);
  LookForRoom();
  return OkStatus();
}

}  // namespace bsub::daemon
