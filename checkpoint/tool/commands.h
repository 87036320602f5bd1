// What bsub-lite-checkpoint can do. Each returns the exit code and says what went wrong on standard error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/tool/stores.h"

namespace bsub::ckpt::tool {

struct Wishes {
  std::string directory;
  std::string file;              // export
  std::uint64_t generation = 0;  // 0: see each command
  std::uint64_t keep = 2;        // prune
  bool dry_run = false;          // prune
  bool json = false;
  bool progress = false;  // standard error is a terminal
};

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // damaged, or it could not be done
inline constexpr int kExitUsage = 2;

// Every generation of every store: state, step, size.
int List(FileSystem& files, const Wishes& wishes);
// One generation (the newest complete one): datasets, values, shards.
int Show(FileSystem& files, const Wishes& wishes);
// Every byte of one generation, or of all that are not set aside; names rank, dataset and block of what is
// bad.
int Verify(FileSystem& files, const Wishes& wishes);
// Removes what the newest `keep` generations do not need.
int Prune(FileSystem& files, const Wishes& wishes);
// One generation (the newest complete one), verified, as one file without references to others.
int Export(FileSystem& files, const Wishes& wishes);

int Fail(const std::string& command, const Failure& failure);

}  // namespace bsub::ckpt::tool
