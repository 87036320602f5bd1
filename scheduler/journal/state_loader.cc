#include "scheduler/journal/state_loader.h"

#include <future>
#include <utility>
#include <vector>

#include "scheduler/journal/decode_ahead.h"
#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/identity.h"
#include "scheduler/journal/journal_directory.h"
#include "scheduler/journal/snapshot_codec.h"
#include "scheduler/journal/snapshot_file.h"
#include "scheduler/journal/snapshot_packs.h"

namespace bsub::journal {
namespace {

struct OpenedSnapshot {
  SnapshotHeader header;
  LoadedState loaded;
};

// So many records are decoded at once. No setting: enough that a thread for them costs nothing beside, few
// enough to keep all of it in the caches.
constexpr std::size_t kRecordsAtOnce = 512;

// A record on its way from the journal to where it belongs.
struct Undecoded {
  RecordKind kind{};
  std::string bytes;
  std::uint64_t sequence = 0;
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
};
struct DecodedEntry {
  Result<sched::JournalEntry> entry;
  std::uint64_t sequence = 0;
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
};
using DecodedEntries = std::vector<DecodedEntry>;

// On any thread: payloads go to their store at once.
DecodedEntries Decode(const std::vector<Undecoded>& records, PayloadStore& payloads) {
  DecodedEntries decoded;
  decoded.reserve(records.size());
  for (const Undecoded& record : records) {
    if (record.kind == RecordKind::kPayload) {
      payloads.AddRecord(HashPayload(record.bytes), record.segment, record.offset);
    } else {
      decoded.push_back({DecodeEntry(record.bytes), record.sequence, record.segment, record.offset});
    }
  }
  return decoded;
}

class Loader {
 public:
  Loader(FileSystem& files, const std::string& directory, const LoadRequest& request)
      : files_(files), directory_(directory), request_(request) {}

  Result<LoadedState> Run() {
    BSUB_ASSIGN_OR_RETURN(const DirectoryContents contents, ReadDirectory(files_, directory_));
    std::vector<std::string> bad;
    std::vector<std::string> warnings;
    for (auto file = contents.snapshots.rbegin(); file != contents.snapshots.rend(); ++file) {
      if (request_.until && file->sequence > *request_.until) continue;
      auto opened = OpenSnapshot(file->name);
      if (opened) return Continue(std::move(*opened), std::move(bad), std::move(warnings));
      // Not damage: an older snapshot would only lead to entries that this program cannot read either.
      if (opened.error().code == Code::kUnimplemented) return Error(std::move(opened).error());
      const Code code = opened.error().code;
      if (code == Code::kDataLoss || code == Code::kNotFound) bad.push_back(file->name);
      warnings.push_back("passed over a bad snapshot: " + opened.error().message);
    }
    OpenedSnapshot nothing;
    nothing.loaded.scheduler = std::make_unique<sched::Scheduler>(request_.settings);
    nothing.loaded.payloads = std::make_unique<PayloadStore>(files_, directory_, request_.cluster);
    return Continue(std::move(nothing), std::move(bad), std::move(warnings));
  }

 private:
  Result<OpenedSnapshot> OpenSnapshot(const std::string& name) {
    OpenedSnapshot opened;
    StateDecoder decoder(request_.settings);
    std::future<Result<std::unique_ptr<PayloadStore>>> payloads;
    const auto read_packs = [&] {
      payloads = std::async(std::launch::async, [&] { return ReadPacks(opened.loaded.packs); });
    };
    DecodeAhead<Result<DecodedChunk>> chunks([&decoder](Result<DecodedChunk> chunk) -> Status {
      if (!chunk) return std::move(chunk).error();
      return decoder.Add(std::move(*chunk));
    });
    BSUB_ASSIGN_OR_RETURN(
        opened.header,
        ReadSnapshot(files_, directory_, name, [&](ChunkKind kind, std::string_view bytes) -> Status {
          if (kind == ChunkKind::kState)
            return chunks.Add([copy = std::string(bytes)] { return DecodeChunk(copy); });
          if (kind != ChunkKind::kPacks) return DataLoss("a chunk of unknown kind");
          if (payloads.valid()) return DataLoss("a second list of packs");
          BSUB_ASSIGN_OR_RETURN(opened.loaded.packs, DecodePacks(bytes));
          read_packs();
          return OkStatus();
        }));
    const std::string path = Join(directory_, name);
    if (auto last = chunks.Finish(); !last)
      return Error{last.error().code, path + ": " + std::move(last).error().message};
    if (opened.header.cluster != request_.cluster) return DataLoss(path + " belongs to another cluster");
    auto scheduler = decoder.Finish();
    if (!scheduler) return DataLoss(path + ": " + scheduler.error().message);
    opened.loaded.scheduler = std::move(*scheduler);
    if (opened.loaded.scheduler->state().last_sequence.value() != opened.header.sequence)
      return DataLoss(path + ": the header and the state disagree on the last sequence");
    if (opened.loaded.scheduler->state_hash() != opened.header.state_hash) {
      return DataLoss(path + ": the state in it does not have the hash that it should have");
    }
    if (!payloads.valid()) read_packs();
    BSUB_ASSIGN_OR_RETURN(opened.loaded.payloads, payloads.get());
    opened.loaded.snapshot = opened.header.sequence;
    return opened;
  }

  Result<std::unique_ptr<PayloadStore>> ReadPacks(const std::vector<std::uint64_t>& packs) {
    auto payloads = std::make_unique<PayloadStore>(files_, directory_, request_.cluster);
    for (const std::uint64_t pack : packs) BSUB_RETURN_IF_ERROR(payloads->AddPack(pack));
    return payloads;
  }

  Result<LoadedState> Continue(OpenedSnapshot opened, std::vector<std::string> bad,
                               std::vector<std::string> warnings) {
    LoadedState loaded = std::move(opened.loaded);
    loaded.bad_snapshots = std::move(bad);
    loaded.warnings = std::move(warnings);
    ReplayRequest replay;
    replay.from = loaded.snapshot + 1;
    replay.until = request_.until;
    replay.cluster = request_.cluster;
    if (loaded.snapshot > 0) replay.previous = opened.header.batch_hash;
    if (request_.until && *request_.until == loaded.snapshot) {
      loaded.tail.hash = opened.header.batch_hash;
      loaded.tail.next_sequence = loaded.snapshot + 1;
      return loaded;
    }
    std::vector<Undecoded> gathered;
    DecodeAhead<DecodedEntries> records(
        [&](DecodedEntries decoded) { return TakeAll(std::move(decoded), loaded); });
    const auto send = [&] {
      return records.Add([batch = std::exchange(gathered, {}), payloads = loaded.payloads.get()] {
        return Decode(batch, *payloads);
      });
    };
    auto tail = Replay(files_, directory_, replay, [&](const ReplayedRecord& record) -> Status {
      const RecordKind kind = record.record.kind;
      if (kind != RecordKind::kPayload && kind != RecordKind::kEntry) return OkStatus();
      gathered.push_back(
          {kind, std::string(record.record.bytes), record.sequence, record.segment, record.offset});
      return gathered.size() < kRecordsAtOnce ? OkStatus() : send();
    });
    // What comes before the end of the journal, good or bad, is told of first.
    Status taken = send();
    if (taken) taken = records.Finish();
    if (!taken) return WithWarnings(std::move(taken).error(), loaded.warnings);
    if (!tail) return WithWarnings(std::move(tail).error(), loaded.warnings);
    loaded.tail = std::move(*tail);
    BSUB_RETURN_IF_ERROR(CheckCluster(loaded));
    return loaded;
  }

  Status TakeAll(DecodedEntries entries, LoadedState& loaded) {
    for (const DecodedEntry& one : entries) {
      const Status taken =
          one.entry ? Apply(*one.entry, one.sequence, *loaded.scheduler) : Status(one.entry.error());
      if (!taken) {
        const std::string path = Join(directory_, FileName(FileKind::kSegment, one.segment));
        return Error{taken.error().code, path + " at offset " + std::to_string(one.offset) + ", sequence " +
                                             std::to_string(one.sequence) + ": " + taken.error().message};
      }
      ++loaded.entries_replayed;
    }
    return OkStatus();
  }

  static Status Apply(const sched::JournalEntry& entry, std::uint64_t sequence, sched::Scheduler& scheduler) {
    if (entry.sequence.value() != sequence) {
      return DataLoss("the entry says that its sequence is " + std::to_string(entry.sequence.value()));
    }
    if (const auto* recorded = std::get_if<sched::StateHashRecorded>(&entry.body)) {
      if (recorded->hash != scheduler.state_hash()) {
        return DataLoss(
            "replay came to another state than the one recorded (state hash differs): this is a bug or "
            "damage; go back to the release that wrote the journal, and report it");
      }
    }
    return scheduler.Apply(entry);
  }

  // Without the snapshots that were passed over, a missing segment would be a riddle.
  static Error WithWarnings(Error error, const std::vector<std::string>& warnings) {
    for (const std::string& warning : warnings) error.message += "; " + warning;
    return error;
  }

  Status CheckCluster(const LoadedState& loaded) const {
    const std::string& uuid = loaded.scheduler->state().cluster_uuid;
    if (uuid.empty() || uuid == FormatUuid(request_.cluster)) return OkStatus();
    return FailedPrecondition("the journal in " + directory_ + " is of cluster " + uuid +
                              ", its identity file says " + FormatUuid(request_.cluster));
  }

  FileSystem& files_;
  const std::string& directory_;
  const LoadRequest& request_;
};

}  // namespace

Result<LoadedState> LoadState(FileSystem& files, const std::string& directory, const LoadRequest& request) {
  return Loader(files, directory, request).Run();
}

}  // namespace bsub::journal
