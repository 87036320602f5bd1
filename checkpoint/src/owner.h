// Who may commit to a store. Each opening takes the next epoch by making the file owner-<epoch>.json, which
// only one can; a commit needs that no higher epoch exists, before and after it. What an older epoch commits
// after it was taken over (a frozen machine that wakes up) is not part of the store: the new owner has
// written down up to which generation each older epoch counts.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "checkpoint/src/file_system.h"
#include "checkpoint/src/result.h"

namespace bsub::ckpt {

// The attempt that opens a store, from its environment.
struct Attempt {
  std::string job;           // "12" or "12[3]"; empty: not run by the scheduler
  std::uint64_t number = 0;  // of the attempt
  friend bool operator==(const Attempt&, const Attempt&) = default;

  std::string words() const;
};
Attempt AttemptFromEnvironment();

struct Owner {
  std::uint64_t epoch = 0;  // 0: nobody has opened the store yet
  Attempt attempt;
  // Of each older epoch: the last generation of its that counts.
  std::map<std::uint64_t, std::uint64_t> sealed;
  friend bool operator==(const Owner&, const Owner&) = default;

  // May a generation that this epoch saved be loaded?
  bool Counts(std::uint64_t epoch_of_generation, std::uint64_t generation) const;
};

std::string Encode(const Owner& owner);
Outcome<Owner> DecodeOwner(std::string_view text);

// The highest owner file in `directory`.
Outcome<Owner> ReadOwner(FileSystem& files, const std::string& directory);

// Takes the store over. `last_of`: of each epoch with committed generations that count, the last. FENCED if a
// later attempt of the same job owns it, or somebody else took it at the same moment.
Outcome<Owner> TakeOver(FileSystem& files, const std::string& directory, const Attempt& attempt,
                        const std::map<std::uint64_t, std::uint64_t>& last_of);

// FENCED unless `owner` still is the highest.
Done CheckOwner(FileSystem& files, const std::string& directory, const Owner& owner);

}  // namespace bsub::ckpt
