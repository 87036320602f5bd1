// The manifest: what a generation consists of and the checksum of all of it. Renaming it into place is the
// commit. docs/formats/checkpoint.md specifies the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/src/blocks.h"
#include "checkpoint/src/result.h"

namespace bsub::ckpt {

// Where one block's bytes are in shard `generation`/ShardName(rank).
struct StoredBlock {
  std::uint64_t checksum = 0;    // of the numbers
  std::uint64_t generation = 0;  // whose shard holds it
  std::uint64_t offset = 0;      // in that file
  // Compressed (zlib): bytes in the file and their checksum. 0: as it is in memory.
  std::uint64_t packed_bytes = 0;
  std::uint64_t packed_checksum = 0;
  friend bool operator==(const StoredBlock&, const StoredBlock&) = default;
};

// One rank's part of one dataset.
struct StoredPart {
  std::string dataset;
  Box box;
  Blocks cut;
  std::vector<StoredBlock> blocks;
  friend bool operator==(const StoredPart&, const StoredPart&) = default;
};

// One rank's file. Everything in it that is no block of a part belongs to `rest`: HDF5's own structure.
struct Shard {
  std::int32_t rank = 0;
  std::uint64_t bytes = 0;
  std::uint64_t rest_checksum = 0;
  std::uint64_t written_bytes = 0;  // of numbers, in this save
  std::vector<StoredPart> parts;
  friend bool operator==(const Shard&, const Shard&) = default;
};

struct DatasetShape {
  std::string name;
  std::string type;  // number_type.h
  std::vector<std::uint64_t> shape;
  friend bool operator==(const DatasetShape&, const DatasetShape&) = default;
};

struct SavedValue {
  std::string name;
  std::string type;
  std::uint64_t count = 0;
  std::string bytes;  // little-endian
  friend bool operator==(const SavedValue&, const SavedValue&) = default;
};

struct Manifest {
  std::uint64_t generation = 0;
  std::uint64_t step = 0;
  std::uint64_t epoch = 0;  // of the owner that saved it
  std::string attempt;      // for people: "job 12, attempt 3"
  std::string saved_utc;    // for people
  std::uint64_t base = 0;   // the full generation a differential one builds on; 0: this one is full
  std::uint64_t master_bytes = 0;
  std::uint64_t master_checksum = 0;
  std::vector<DatasetShape> datasets;
  std::vector<SavedValue> values;
  std::vector<Shard> shards;  // by rank, without gaps
  friend bool operator==(const Manifest&, const Manifest&) = default;

  const DatasetShape* FindDataset(std::string_view name) const;
  std::uint64_t state_bytes() const;
  std::uint64_t written_bytes() const;
  // Generations whose shards hold blocks of this one, itself included; ascending.
  std::vector<std::uint64_t> sources() const;
};

// What Decode(Encode(m)) == m holds for.
std::string Encode(const Manifest& manifest);
// Refuses what Encode could not have written of it: any changed byte, and anything inconsistent. DAMAGED.
Outcome<Manifest> Decode(std::string_view text);

// A shard alone, as a rank hands it to rank 0.
std::string EncodeShard(const Shard& shard);
Outcome<Shard> DecodeShard(std::string_view text);

inline constexpr const char* kManifestName = "manifest.json";
inline constexpr const char* kMasterName = "master.h5";
std::string ShardName(std::int32_t rank);  // "shard-00003.h5"

}  // namespace bsub::ckpt
