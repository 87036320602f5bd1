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

  BSUB_RETURN_IF_ERROR(RemoveLeftover(files, directory, FileKind::kPack, until));
  BSUB_RETURN_IF_ERROR(RemoveLeftover(files, directory, FileKind::kSnapshot, until));
  BSUB_ASSIGN_OR_RETURN(const auto packs, loaded.payloads->Pack(PayloadsNamedBy(scheduler.state()), until));
  BSUB_ASSIGN_OR_RETURN(const auto writer,
                        SnapshotWriter::Create(files, directory, {*cluster, until, loaded.tail.hash, hash}));
  BSUB_RETURN_IF_ERROR(writer->AddChunk(ChunkKind::kPacks, EncodePacks(packs)));
  BSUB_RETURN_IF_ERROR(EncodeState(scheduler.state(), {}, [&](std::string_view chunk) {
    return writer->AddChunk(ChunkKind::kState, chunk);
  }));
  BSUB_RETURN_IF_ERROR(writer->Commit());
  return made;
}

}  // namespace bsub::journal
