#include "checkpoint/src/rest.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "checkpoint/src/checksum.h"
#include "checkpoint/src/number_type.h"

namespace bsub::ckpt {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20;

// Calls use(offset, bytes) for what is between the blocks, front to back, in pieces.
Done ForEachGap(std::uint64_t file_bytes, std::vector<Extent> blocks,
                const std::function<Done(std::uint64_t offset, std::uint64_t bytes)>& use) {
  std::ranges::sort(blocks, {}, &Extent::offset);
  blocks.push_back({file_bytes, 0});
  std::uint64_t at = 0;
  for (const Extent& block : blocks) {
    if (block.offset < at || block.bytes > file_bytes || block.offset > file_bytes - block.bytes) {
      return Damaged("a block lies outside of the file or in another");
    }
    while (at < block.offset) {
      const std::uint64_t bytes = std::min(kPieceBytes, block.offset - at);
      CKPT_RETURN_IF_FAILED(use(at, bytes));
      at += bytes;
    }
    at = block.offset + block.bytes;
  }
  return {};
}

}  // namespace

Outcome<std::uint64_t> CopyRest(const MemoryFile& from, File& to, std::vector<Extent> blocks) {
  CKPT_ASSIGN_OR_RETURN(const std::uint64_t bytes, from.Size());
  RunningChecksum checksum;
  std::vector<char> piece(kPieceBytes);
  const auto copy = [&](std::uint64_t at, std::uint64_t n) -> Done {
    CKPT_RETURN_IF_FAILED(from.ReadAt(piece.data(), n, at));
    checksum.Add(piece.data(), n);
    return to.WriteAt(piece.data(), n, at);
  };
  CKPT_RETURN_IF_FAILED(ForEachGap(bytes, std::move(blocks), copy));
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
  RunningChecksum checksum;
  std::vector<char> piece(kPieceBytes);
  const auto add = [&](std::uint64_t at, std::uint64_t n) -> Done {
    CKPT_RETURN_IF_FAILED(file.ReadAt(piece.data(), n, at));
    checksum.Add(piece.data(), n);
    return {};
  };
  CKPT_RETURN_IF_FAILED(ForEachGap(bytes, std::move(extents), add));
  return checksum.Value();
}

}  // namespace bsub::ckpt
