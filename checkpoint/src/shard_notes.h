// How the ranks of an asynchronous save tell rank 0 that their shards are durable while the program computes
// and makes no call: a note beside each shard, in the words of the manifest. Rank 0 commits when it has seen
// all; a call that comes before does without them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "checkpoint/src/file_system.h"
#include "checkpoint/src/manifest.h"

namespace bsub::ckpt {

// Durable under its name, beside the shard. `generation`: the generation's directory.
Done LeaveNote(FileSystem& files, const std::string& generation, const Shard& shard);

// Nothing: it is not there (yet), or cannot be read.
std::optional<Shard> ReadNote(FileSystem& files, const std::string& generation, std::int32_t rank);

// Of all ranks but 0, once the manifest says what they said. What cannot be removed stays and says nothing.
void RemoveNotes(FileSystem& files, const std::string& generation, std::int32_t ranks);

}  // namespace bsub::ckpt
