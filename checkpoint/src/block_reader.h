// Blocks out of shards, verified. What loads, verifies and exports.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "checkpoint/src/file_system.h"
#include "checkpoint/src/manifest.h"

namespace bsub::ckpt {

// A block of a manifest, and whatever number the caller knows it by.
struct BlockRef {
  const StoredPart* part = nullptr;
  std::int32_t rank = 0;     // of the shard
  std::uint64_t number = 0;  // in the part
  std::uint64_t bytes = 0;
  std::uint64_t full_bytes =
      0;    // of a block that is not the last along its dimension: what a compressed one unpacks to
  Box box;  // in the global array
  std::size_t tag = 0;

  const StoredBlock& stored() const { return part->blocks[number]; }
  std::string words() const;  // "rank 1, dataset u, block 3"
};

// Every block of a shard's part, in order.
std::vector<BlockRef> BlocksOf(const StoredPart& part, std::int32_t rank, std::uint64_t element_bytes,
                               std::size_t tag);

// Reads and verifies blocks of the store in `directory` and hands each to `take` with its bytes; several
// threads call it. Blocks that lie one behind the other are read at once. DAMAGED names rank, dataset and
// block.
Done ReadBlocks(FileSystem& files, const std::string& directory, const std::vector<BlockRef>& blocks,
                int threads, const std::function<Done(const BlockRef& block, const char* data)>& take);

// The parts of a generation that are no blocks: structure of this shard; of rank 0, the master file too.
Done VerifyRest(FileSystem& files, const std::string& directory, const Manifest& manifest, std::int32_t rank);

// All of a generation. `seen`, if given, hears of each block.
Done VerifyGeneration(FileSystem& files, const std::string& directory, const Manifest& manifest, int threads,
                      const std::function<void(const BlockRef& block)>& seen = {});

}  // namespace bsub::ckpt
