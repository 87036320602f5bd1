// Stores below a directory, and what is in them. For the tool's commands, which never change a store but
// prune.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/src/file_system.h"
#include "checkpoint/src/generations.h"
#include "checkpoint/src/owner.h"

namespace bsub::ckpt::tool {

struct Store {
  std::string path;
  Owner owner;
  std::vector<Generation> generations;  // newest first
};

// `directory` itself if it is a store, else those of the jobs and array children in it (DIR/ID,
// DIR/ID/INDEX). NOTHING_SAVED if there is none.
Outcome<std::vector<Store>> FindStores(FileSystem& files, const std::string& directory);

// The one with that number, or, for 0, the newest that is complete.
Outcome<const Generation*> FindGeneration(const Store& store, std::uint64_t number);

// "2.1 GiB"
std::string HumanBytes(std::uint64_t bytes);

}  // namespace bsub::ckpt::tool
