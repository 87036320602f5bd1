// Saving as all ranks do it: Begin, then the writing, then Commit.
//
// A save goes through these steps; what is in brackets all ranks do together and agree on:
//   [rank 0 checks the owner and makes the generation's directory]  [each makes its shard's structure]
//   [rank 0 makes the master file]  each writes its shard, syncs it and renames it into place
//   [rank 0 gathers sizes and checksums, writes the manifest, syncs it, checks the owner, renames it,
//   syncs the directory, checks the owner again]
// docs/formats/checkpoint.md, "Commit", says why.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "checkpoint/src/declarations.h"
#include "checkpoint/src/file_system.h"
#include "checkpoint/src/generations.h"
#include "checkpoint/src/owner.h"
#include "checkpoint/src/ranks.h"
#include "checkpoint/src/shard_save.h"
#include "checkpoint/src/staging.h"

namespace bsub::ckpt {

struct SaverSettings {
  SaveSettings save;
  bool asynchronous = false;
  std::uint64_t staging_bytes = 0;  // 0: this rank's state
  int differential = 0;
  std::uint64_t keep = 2;
};

struct Committed {
  std::uint64_t generation = 0;
  std::uint64_t step = 0;
  bool differential = false;
  std::uint64_t state_bytes = 0;
  std::uint64_t written_bytes = 0;
  double total_seconds = 0;
  double held_seconds = 0;
  bool told = false;  // to who was to be told, see Saver::TellCommits
};

class Saver {
 public:
  Saver(FileSystem& files, const Ranks& ranks, std::string directory, Owner owner,
        const SaverSettings& settings);
  // Waits for what is being written. What all ranks have written is committed.
  ~Saver();
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  // Of a commit that no call of the program made, at rank 0 and in another thread: an asynchronous save.
  void TellCommits(std::function<void(const Committed&)> tell) { tell_ = std::move(tell); }

  // Collective. Synchronous: everything up to the commit. Asynchronous: up to the copy; no other save may be
  // under way.
  Done Save(const Declarations& declarations, std::uint64_t step);
  // A save that is not committed yet.
  bool under_way() const { return flight_ != nullptr; }
  std::uint64_t generation_under_way() const;
  // Whatever has changed: there is nothing to build on, or the chain is as long as it may be.
  bool next_is_full() const { return !has_history_ || history_.differential >= settings_.differential; }
  // This rank has written its shard (or failed to).
  bool written() const;
  // Collective. Waits until all ranks have written, and commits what rank 0 has not yet. Nothing if no save
  // is under way.
  Outcome<std::optional<Committed>> Complete();
  // Until what is not kept is gone.
  void WaitForPruning();

 private:
  struct Flight;

  Done Begin(const Declarations& declarations, std::uint64_t step);
  Done MakeMasterFile(const Declarations& declarations);
  Done Write();
  Done StartWriting(const Declarations& declarations);
  void WriteBehind();
  Outcome<Committed> Commit();
  Done CommitUnasked();
  Outcome<std::string> GuardedManifest(const std::vector<Shard>& shards);
  Outcome<std::string> WriteManifest(const std::vector<Shard>& shards);
  Outcome<std::vector<Shard>> GatherShards();
  Outcome<Committed> GuardedCommit();
  Committed CommittedAs(const std::string& numbers) const;
  void Tell(Committed committed);
  void StartPruning();
  void Prune();
  // Takes away what a save that failed has left, as far as possible; nothing once its manifest has its name.
  void Discard();
  std::string generation_directory() const;

  FileSystem& files_;
  const Ranks& ranks_;
  std::string directory_;
  Owner owner_;
  SaverSettings settings_;
  std::function<void(const Committed&)> tell_;
  History history_;  // of the last committed save
  bool has_history_ = false;
  std::unique_ptr<StagingPool> pool_;
  std::unique_ptr<Flight> flight_;
  std::jthread pruning_;  // of asynchronous saves, beside the program: until the next save begins
};

}  // namespace bsub::ckpt
