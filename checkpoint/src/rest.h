// The checksum of everything in a shard that is no block: HDF5's structure, gaps, padding. With it and the
// blocks' checksums every byte of the file is covered.
#pragma once

#include <cstdint>
#include <vector>

#include "checkpoint/src/file_system.h"
#include "checkpoint/src/manifest.h"
#include "checkpoint/src/memory_file.h"

namespace bsub::ckpt {

// DAMAGED if the file is not shard.bytes long or a block lies outside of it.
Outcome<std::uint64_t> RestChecksum(File& file, const Shard& shard, std::uint64_t generation,
                                    const Manifest& manifest);

// Where a file's blocks are.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};
// Copies the rest of a shard from where HDF5 made it to where it belongs; its checksum.
Outcome<std::uint64_t> CopyRest(const MemoryFile& from, File& to, std::vector<Extent> blocks);
// Those of `part` that lie in the shard of `generation`.
void AddExtents(const StoredPart& part, std::uint64_t element_bytes, std::uint64_t generation,
                std::vector<Extent>& extents);

}  // namespace bsub::ckpt
