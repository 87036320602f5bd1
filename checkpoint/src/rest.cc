#include "checkpoint/src/rest.h"

#include <algorithm>

#include "checkpoint/src/checksum.h"
#include "checkpoint/src/number_type.h"

namespace bsub::ckpt {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20;

Done AddRange(File& file, std::uint64_t from, std::uint64_t to, RunningChecksum& checksum) {
  std::vector<char> piece(std::min(kPieceBytes, to - from));
  while (from < to) {
    const std::uint64_t bytes = std::min<std::uint64_t>(piece.size(), to - from);
    CKPT_RETURN_IF_FAILED(file.ReadAt(piece.data(), bytes, from));
    checksum.Add(piece.data(), bytes);
    from += bytes;
  }
  return {};
}

}  // namespace

Outcome<std::uint64_t> RestChecksum(File& file, std::uint64_t file_bytes, std::vector<Extent> blocks) {
  std::ranges::sort(blocks, {}, &Extent::offset);
  RunningChecksum checksum;
  std::uint64_t at = 0;
  for (const Extent& block : blocks) {
    if (block.offset < at || block.bytes > file_bytes || block.offset > file_bytes - block.bytes) {
      return Damaged("a block lies outside of the file or in another");
    }
    if (block.offset > at) CKPT_RETURN_IF_FAILED(AddRange(file, at, block.offset, checksum));
    at = block.offset + block.bytes;
  }
  if (at < file_bytes) CKPT_RETURN_IF_FAILED(AddRange(file, at, file_bytes, checksum));
  return checksum.Value();
}

void AddExtents(const StoredPart& part, std::uint64_t element_bytes, std::uint64_t generation,
                std::vector<Extent>& extents) {
  const BlockGrid grid(part.box.count, part.cut);
  for (std::uint64_t i = 0; i < part.blocks.size(); ++i) {
    const StoredBlock& block = part.blocks[i];
    if (block.generation != generation) continue;
    const std::uint64_t bytes =
        block.packed_bytes > 0 ? block.packed_bytes : grid.elements(i) * element_bytes;
    extents.push_back({block.offset, bytes});
  }
}

Outcome<std::uint64_t> RestChecksum(File& file, const Shard& shard, std::uint64_t generation,
                                    const Manifest& manifest) {
  CKPT_ASSIGN_OR_RETURN(const std::uint64_t bytes, file.Size());
  if (bytes != shard.bytes) {
    return Damaged("the file has " + std::to_string(bytes) + " bytes, the manifest says " +
                   std::to_string(shard.bytes));
  }
  std::vector<Extent> extents;
  for (const StoredPart& part : shard.parts) {
    AddExtents(part, FindType(manifest.FindDataset(part.dataset)->type)->bytes, generation, extents);
  }
  return RestChecksum(file, bytes, std::move(extents));
}

}  // namespace bsub::ckpt
