// The generations of a store: which there are, what state each is in, which may be loaded or removed.
//
// DIR/<number>/ is one. It exists once its manifest does. Beside the manifest there may be set-aside.json (it
// is not to be loaded, with the reason) and loads (attempts that loaded it and have not saved since).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/src/file_system.h"
#include "checkpoint/src/manifest.h"
#include "checkpoint/src/owner.h"
#include "checkpoint/src/result.h"

namespace bsub::ckpt {

enum class GenerationState {
  kComplete,     // committed, and its manifest is good
  kUncommitted,  // no manifest: a save that is going on or was cut off
  kDamaged,      // its manifest is not good
  kFenced,       // committed by an attempt that did not own the store any more
  kSetAside,     // damaged or quarantined, as found by a load
};

const char* ToString(GenerationState state);

struct Generation {
  std::uint64_t number = 0;
  GenerationState state = GenerationState::kUncommitted;
  std::string reason;       // of damaged and set aside ones
  bool unreadable = false;  // its manifest; it may be good
  Manifest manifest;        // if there is a good one
};

// Newest first. Reads every manifest.
Outcome<std::vector<Generation>> ReadGenerations(FileSystem& files, const std::string& directory,
                                                 const Owner& owner);

// Of each epoch: its last generation that counts. `before`: the owner until now. What cannot be read just now
// is taken for one of its epoch, or of an older one as it has sealed that.
std::map<std::uint64_t, std::uint64_t> LastOfEpochs(const std::vector<Generation>& generations,
                                                    const Owner& before);

// Makes the directory of the next generation, durably.
Outcome<std::uint64_t> NewGeneration(FileSystem& files, const std::string& directory);

// Not to be loaded any more. Nothing is removed.
Done SetAside(FileSystem& files, const std::string& directory, std::uint64_t generation,
              const std::string& reason);

// Attempts that loaded a generation and have made no progress since.
Outcome<std::vector<std::string>> ReadLoads(FileSystem& files, const std::string& directory,
                                            std::uint64_t generation);
Done WriteLoads(FileSystem& files, const std::string& directory, std::uint64_t generation,
                const std::vector<std::string>& attempts);

// What may go if `keep` complete generations are to stay: older ones that none of those needs, and whatever
// was left behind by saves that never committed below the newest complete one. Ascending. Never the newest
// complete generation, nor one whose shard a generation that stays names; of those set aside, none newer than
// the oldest that stays.
std::vector<std::uint64_t> Removable(const std::vector<Generation>& generations, std::uint64_t keep);

// The manifest first: a generation that is half removed does not exist.
Done RemoveGeneration(FileSystem& files, const std::string& directory, std::uint64_t generation);

}  // namespace bsub::ckpt
