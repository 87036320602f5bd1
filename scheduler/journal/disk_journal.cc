#include "scheduler/journal/disk_journal.h"

#include <algorithm>
#include <map>
#include <utility>

#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/identity.h"
#include "scheduler/journal/journal_directory.h"
#include "scheduler/journal/snapshot_packs.h"
#include "scheduler/journal/state_loader.h"

namespace bsub::journal {
namespace {

struct Identity {
  ClusterUuid cluster;
  bool recorded = false;
};

// Without an identity file the first segment tells; without either this is a new cluster.
Result<Identity> FindIdentity(FileSystem& files, const DiskJournalSettings& settings) {
  BSUB_ASSIGN_OR_RETURN(const auto recorded, ReadIdentity(files, settings.directory));
  if (recorded) return Identity{*recorded, true};
  BSUB_ASSIGN_OR_RETURN(const DirectoryContents contents, ReadDirectory(files, settings.directory));
  if (!contents.segments.empty()) {
    const std::string path = Join(settings.directory, contents.segments.front().name);
    BSUB_ASSIGN_OR_RETURN(const auto file, files.OpenForRead(path));
    BSUB_ASSIGN_OR_RETURN(const std::string head, file->ReadAt(0, kSegmentHeaderBytes));
    if (const auto header = DecodeSegmentHeader(head)) return Identity{header->cluster, false};
  }
  return Identity{settings.new_cluster ? *settings.new_cluster : RandomUuid(), false};
}

Status RemoveTemporary(FileSystem& files, const std::string& directory) {
  BSUB_ASSIGN_OR_RETURN(const DirectoryContents contents, ReadDirectory(files, directory));
  for (const std::string& name : contents.temporary)
    BSUB_RETURN_IF_ERROR(files.Remove(Join(directory, name)));
  return OkStatus();
}

// What replay had to read is what the next snapshot would save.
std::uint64_t BytesSince(const DirectoryContents& contents, const LoadedState& loaded) {
  std::uint64_t bytes = loaded.tail.offset;
  for (const NumberedFile& segment : contents.segments) {
    if (segment.sequence > loaded.snapshot && segment.sequence < loaded.tail.segment)
      bytes += segment.size_bytes;
  }
  return bytes;
}

}  // namespace

Result<OpenedJournal> DiskJournal::Open(FileSystem& files, const DiskJournalSettings& settings,
                                        const sched::Settings& core_settings) {
  const std::string& directory = settings.directory;
  BSUB_RETURN_IF_ERROR(files.CreateDirectory(directory));
  BSUB_ASSIGN_OR_RETURN(auto lock, files.Lock(Join(directory, "LOCK")));
  BSUB_RETURN_IF_ERROR(RemoveTemporary(files, directory));
  BSUB_ASSIGN_OR_RETURN(const Identity identity, FindIdentity(files, settings));
  BSUB_ASSIGN_OR_RETURN(LoadedState loaded,
                        LoadState(files, directory, {core_settings, identity.cluster, {}}));
  if (loaded.tail.empty && identity.recorded) {
    return DataLoss("the journal in " + directory +
                    " has lost its segments: put them back from a backup, or use "
                    "another directory to begin a new cluster");
  }
  // Out of sight of retention, which must not count them among those it keeps.
  for (const std::string& name : loaded.bad_snapshots) BSUB_RETURN_IF_ERROR(SetAside(files, directory, name));
  OpenedJournal opened;
  opened.report = {.created = loaded.tail.empty,
                   .snapshot = loaded.snapshot,
                   .entries_replayed = loaded.entries_replayed,
                   .last_sequence = loaded.tail.next_sequence - 1,
                   .dropped_tail = {},
                   .warnings = std::move(loaded.warnings)};
  BSUB_ASSIGN_OR_RETURN(opened.report.dropped_tail, RepairTail(files, directory, loaded.tail));
  BSUB_ASSIGN_OR_RETURN(opened.report.lift_counters_by, LiftAsked(files, directory));
  BSUB_ASSIGN_OR_RETURN(const DirectoryContents contents, ReadDirectory(files, directory));
  opened.journal.reset(new DiskJournal(files, settings, identity.cluster, std::move(lock)));
  opened.journal->bytes_since_snapshot_ = BytesSince(contents, loaded);
  opened.journal->durable_sequence_ = loaded.tail.next_sequence - 1;
  opened.journal->lift_asked_ = opened.report.lift_counters_by > 0;
  opened.journal->SetSnapshot(contents, loaded.snapshot);
  opened.journal->payloads_ = std::move(loaded.payloads);
  BSUB_ASSIGN_OR_RETURN(opened.journal->writer_, JournalWriter::Open(files, directory, identity.cluster,
                                                                     settings.segments, loaded.tail));
  if (!identity.recorded) BSUB_RETURN_IF_ERROR(WriteIdentity(files, directory, identity.cluster));
  opened.scheduler = std::move(loaded.scheduler);
  return opened;
}

// Each payload that the entries name, once, in order of first use.
Result<DiskJournal::Needed> DiskJournal::PayloadsNeeded(std::span<const sched::JournalEntry> entries,
                                                        std::span<const StagedPayload> payloads) const {
  std::map<PayloadHash, std::shared_ptr<const std::string>> given;
  for (const StagedPayload& payload : payloads) given.emplace(payload.hash, payload.bytes);
  Needed needed;
  std::map<PayloadHash, bool> seen;
  for (const sched::JournalEntry& entry : entries) {
    for (const PayloadHash& hash : PayloadsNamedBy(entry)) {
      if (!seen.emplace(hash, true).second) continue;
      const auto found = given.find(hash);
      if (found != given.end()) {
        needed.push_back({hash, found->second});
        continue;
      }
      auto bytes = payloads_->Get(hash);
      if (!bytes) {
        return Internal("the entry with sequence " + std::to_string(entry.sequence.value()) +
                        " names a payload that was not given: " + bytes.error().message);
      }
      needed.push_back({hash, std::make_shared<const std::string>(std::move(*bytes))});
    }
  }
  return needed;
}

Status DiskJournal::Append(std::span<const sched::JournalEntry> entries,
                           std::span<const StagedPayload> payloads) {
  if (entries.empty()) return OkStatus();
  std::vector<std::string> encoded;
  encoded.reserve(entries.size());
  for (const sched::JournalEntry& entry : entries) {
    if (entry.sequence.value() != writer_->NextSequence() + encoded.size()) {
      return Internal("an entry with sequence " + std::to_string(entry.sequence.value()) +
                      " was to be appended where " +
                      std::to_string(writer_->NextSequence() + encoded.size()) + " is next");
    }
    encoded.push_back(EncodeEntry(entry));
  }
  BSUB_ASSIGN_OR_RETURN(const Needed needed, PayloadsNeeded(entries, payloads));
  BSUB_RETURN_IF_ERROR(WriteBatch(encoded, needed));
  const bool lifted = lift_asked_ && std::ranges::any_of(entries, [](const sched::JournalEntry& entry) {
                        return std::holds_alternative<sched::CountersLifted>(entry.body);
                      });
  if (!lifted) return OkStatus();
  lift_asked_ = false;
  return LiftDone(files_, settings_.directory);
}

Status DiskJournal::WriteBatch(const std::vector<std::string>& entries, const Needed& needed) {
  std::vector<Record> records;
  for (const StagedPayload& payload : needed) records.push_back({RecordKind::kPayload, *payload.bytes});
  for (const std::string& entry : entries) records.push_back({RecordKind::kEntry, entry});
  // Only after this is it known which segment the batch goes to, and so which payloads it has to bring along.
  BSUB_RETURN_IF_ERROR(writer_->MakeRoom(records));
  records.clear();
  std::vector<PayloadHash> brought;
  for (const StagedPayload& payload : needed) {
    if (payloads_->Holds(payload.hash, writer_->Segment())) continue;
    if (HashPayload(*payload.bytes) != payload.hash)
      return Internal("a payload was given under another's hash");
    brought.push_back(payload.hash);
    records.push_back({RecordKind::kPayload, *payload.bytes});
  }
  for (const std::string& entry : entries) records.push_back({RecordKind::kEntry, entry});
  BSUB_ASSIGN_OR_RETURN(const Appended appended, writer_->Append(records));
  for (std::size_t i = 0; i < brought.size(); ++i) {
    payloads_->AddRecord(brought[i], appended.segment, appended.record_offsets[i]);
  }
  bytes_since_snapshot_ += EncodedBatchBytes(records);
  durable_sequence_ = appended.last_sequence;
  return OkStatus();
}

void DiskJournal::SetSnapshot(const DirectoryContents& contents, std::uint64_t sequence) {
  snapshot_sequence_ = sequence;
  for (const NumberedFile& file : contents.snapshots) {
    if (file.sequence == sequence) snapshot_size_ = file.size_bytes;
  }
}

bool DiskJournal::SnapshotDue() const {
  const std::uint64_t in_proportion = snapshot_size_ / 100 * settings_.snapshot_percent;
  return bytes_since_snapshot_ >= std::max(settings_.snapshot_bytes, in_proportion);
}

Result<std::uint64_t> DiskJournal::CloseSegment() {
  BSUB_RETURN_IF_ERROR(writer_->Roll());
  bytes_since_snapshot_ = 0;
  return last_sequence();
}

Result<std::vector<std::string>> DiskJournal::FinishSnapshot(std::uint64_t sequence, TimePoint now) {
  BSUB_ASSIGN_OR_RETURN(const DirectoryContents contents, ReadDirectory(files_, settings_.directory));
  std::vector<KnownSnapshot> known;
  for (const NumberedFile& file : contents.snapshots) {
    // Read as far as the list of packs: its end was checked by the helper, or will be at the next start.
    if (auto packs = ReadSnapshotPacks(files_, settings_.directory, file.name))
      known.push_back({file.sequence, *packs});
  }
  if (known.empty() || known.back().sequence != sequence) {
    return DataLoss("the snapshot after sequence " + std::to_string(sequence) + " is not in " +
                    settings_.directory);
  }
  BSUB_RETURN_IF_ERROR(payloads_->Adopt(known.back().packs, sequence));
  SetSnapshot(contents, sequence);
  const std::vector<std::string> removable =
      FilesToRemove(contents, known, settings_.retention, now, history_sequence_);
  for (const std::string& name : removable)
    BSUB_RETURN_IF_ERROR(files_.Remove(Join(settings_.directory, name)));
  return removable;
}

JournalFacts DiskJournal::Facts() const {
  JournalFacts facts;
  facts.last_sequence = durable_sequence_;
  facts.snapshot_sequence = snapshot_sequence_;
  const auto contents = ReadDirectory(files_, settings_.directory);
  if (!contents) return facts;
  facts.segment_count = contents->segments.size();
  for (const auto* list : {&contents->segments, &contents->snapshots, &contents->packs}) {
    for (const NumberedFile& file : *list) facts.bytes += file.size_bytes;
  }
  return facts;
}

}  // namespace bsub::journal
