#include "scheduler/journal/snapshot_maker.h"

#include "scheduler/journal/identity.h"
#include "scheduler/journal/journal_directory.h"
#include "scheduler/journal/snapshot_codec.h"
#include "scheduler/journal/snapshot_file.h"
#include "scheduler/journal/snapshot_packs.h"
#include "scheduler/journal/state_loader.h"

namespace bsub::journal {
namespace {

// A crash of an earlier helper may have left a file under the name that is needed now.
Status RemoveLeftover(FileSystem& files, const std::string& directory, FileKind kind,
                      std::uint64_t sequence) {
  const auto removed = files.Remove(Join(directory, FileName(kind, sequence) + ".tmp"));
  return !removed && removed.error().code != Code::kNotFound ? removed : OkStatus();
}

// What a failed attempt (a full disk) leaves behind takes the room that the journal needs.
void RemoveHalfMade(FileSystem& files, const std::string& directory, std::uint64_t sequence) {
  static_cast<void>(RemoveLeftover(files, directory, FileKind::kPack, sequence));
  static_cast<void>(RemoveLeftover(files, directory, FileKind::kSnapshot, sequence));
  // The snapshot has its name, and only syncing that failed: it may be there after all, and needs its pack.
  if (files.OpenForRead(Join(directory, FileName(FileKind::kSnapshot, sequence)))) return;
  static_cast<void>(files.Remove(Join(directory, FileName(FileKind::kPack, sequence))));
}

Status WriteSnapshot(FileSystem& files, const std::string& directory, const SnapshotHeader& header,
                     LoadedState& loaded) {
  const sched::State& state = loaded.scheduler->state();
  BSUB_RETURN_IF_ERROR(RemoveLeftover(files, directory, FileKind::kPack, header.sequence));
  BSUB_RETURN_IF_ERROR(RemoveLeftover(files, directory, FileKind::kSnapshot, header.sequence));
  BSUB_ASSIGN_OR_RETURN(const auto packs, loaded.payloads->Pack(PayloadsNamedBy(state), header.sequence));
  BSUB_ASSIGN_OR_RETURN(const auto writer, SnapshotWriter::Create(files, directory, header));
  BSUB_RETURN_IF_ERROR(writer->AddChunk(ChunkKind::kPacks, EncodePacks(packs)));
  BSUB_RETURN_IF_ERROR(EncodeState(
      state, {}, [&](std::string_view chunk) { return writer->AddChunk(ChunkKind::kState, chunk); }));
  return writer->Commit();
}

}  // namespace

Result<MadeSnapshot> MakeSnapshot(FileSystem& files, const std::string& directory, std::uint64_t until) {
  BSUB_ASSIGN_OR_RETURN(const auto cluster, ReadIdentity(files, directory));
  if (!cluster) return FailedPrecondition(directory + " is no journal directory: it has no identity file");
  LoadRequest request;
  request.cluster = *cluster;
  request.until = until;
  BSUB_ASSIGN_OR_RETURN(LoadedState loaded, LoadState(files, directory, request));
  const sched::Scheduler& scheduler = *loaded.scheduler;
  const std::uint64_t hash = scheduler.RecomputeStateHash();
  if (hash != scheduler.state_hash()) {
    return Internal("the state after sequence " + std::to_string(until) +
                    " has another hash when computed from scratch: no snapshot is made; please report this");
  }
  MadeSnapshot made{until, loaded.entries_replayed, scheduler.state().jobs.size(), hash};
  if (loaded.snapshot == until) return made;  // it is there already
  if (Status written = WriteSnapshot(files, directory, {*cluster, until, loaded.tail.hash, hash}, loaded);
      !written) {
    RemoveHalfMade(files, directory, until);
    return written.error();
  }
  return made;
}

}  // namespace bsub::journal
