// The HDF5 structure of a rank's file: plain datasets, so that any HDF5 program reads a shard alone.
//
// Uncompressed datasets are made here with their place in the file and without data, which is then written
// past HDF5; compressed ones take their chunks through HDF5.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/src/hdf5_support.h"
#include "checkpoint/src/memory_file.h"
#include "checkpoint/src/result.h"

namespace bsub::ckpt {

struct Attribute {
  std::string dataset;  // empty: the file's
  std::string name;
  bool is_text = true;
  std::string text;
  double number = 0;
};

// One dataset of a shard. Whole: a part as it is. Changed blocks only: one more dimension in front, the
// blocks one behind the other, and an attribute that says which they are.
struct ShardDataset {
  std::string name;
  std::string type;
  std::vector<std::uint64_t> shape;   // of the dataset in this file
  std::vector<std::uint64_t> chunk;   // of a compressed one
  std::vector<std::uint64_t> global;  // of the whole array
  std::vector<std::uint64_t> offset;  // of the rank's part in it
  std::vector<std::uint64_t> blocks;  // numbers of the changed blocks; empty: whole
};

struct ShardStructure {
  std::uint64_t generation = 0;
  std::uint64_t step = 0;
  std::int32_t rank = 0;
  std::vector<ShardDataset> datasets;
};

// A shard's structure, made and closed, in memory.
struct MadeShard {
  MemoryFile file;
  std::vector<std::uint64_t>
      offsets;  // of each dataset's data; multiples of 4096 where there is as much data
};
Outcome<MadeShard> MakeShard(const ShardStructure& structure);

// The same with chunks and zlib's filter. Chunks pass through: HDF5 gives each its place, and where it is on
// the disk is written by others. Calls may come from any thread; each takes HDF5's lock.
class CompressedShard {
 public:
  static Outcome<CompressedShard> Make(const ShardStructure& structure, int level);
  CompressedShard(CompressedShard&&) = default;
  CompressedShard& operator=(CompressedShard&&) = delete;
  ~CompressedShard();

  // `at`: the chunk's first element in dataset number `dataset`. Returns its offset in the file.
  Outcome<std::uint64_t> AddChunk(std::size_t dataset, const std::vector<std::uint64_t>& at,
                                  const std::string& bytes);
  // Everything but the chunks is in TakeMemory() then.
  Done Close();
  MemoryFile TakeMemory() { return std::move(memory_); }

 private:
  CompressedShard(MemoryFile memory, Handle file) : memory_(std::move(memory)), file_(std::move(file)) {}

  MemoryFile memory_;
  Handle file_;
  std::vector<Handle> datasets_;
};

}  // namespace bsub::ckpt
