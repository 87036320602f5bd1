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

// Where a note is, and of which save: a generation's number may be used again after one that failed.
struct NoteOf {
  std::string generation;  // its directory
  std::string save;        // a word that no other save has
};

// Durable under its name, beside the shard.
Done LeaveNote(FileSystem& files, const NoteOf& of, const Shard& shard);

// Nothing: it is not there (yet), cannot be read, or is of another save.
std::optional<Shard> ReadNote(FileSystem& files, const NoteOf& of, std::int32_t rank);

// Of all ranks but 0, once the manifest says what they said. What cannot be removed stays and says nothing.
void RemoveNotes(FileSystem& files, const std::string& generation, std::int32_t ranks);

}  // namespace bsub::ckpt
