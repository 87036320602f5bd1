// The journal on disk behind the daemon's port: batches, and the snapshots that go with them.
#pragma once

#include <functional>
#include <string>

#include "scheduler/daemon/journal_port.h"
#include "scheduler/daemon/journal_room.h"
#include "scheduler/journal/disk_journal.h"
#include "scheduler/journal/snapshot_cycle.h"

namespace bsub::daemon {

class DiskJournalPort final : public JournalPort {
 public:
  using LogFn = std::function<void(const std::string& line)>;

  // `kept_bytes`: see JournalRoom.
  DiskJournalPort(journal::DiskJournal& journal, journal::SnapshotHelper helper, std::uint64_t kept_bytes,
                  LogFn log);

  Status Append(const std::vector<sched::JournalEntry>& entries,
                const std::vector<rpc::StagedPayload>& payloads) override;
  Status Idle() override;
  Status Room() const override { return room_.Room(); }
  std::optional<std::string> Trouble() const { return room_.Trouble(); }
  std::uint64_t StateHashWanted() const override { return snapshots_.StateHashWanted(); }

 private:
  Status Advance(std::span<const sched::JournalEntry> appended);
  void LookForRoom();

  journal::DiskJournal& journal_;
  journal::SnapshotCycle snapshots_;
  JournalRoom room_;
  const LogFn log_;
};

}  // namespace bsub::daemon
