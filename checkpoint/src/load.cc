#include "checkpoint/src/load.h"

#include <algorithm>
#include <cstring>

#include "checkpoint/src/block_reader.h"
#include "checkpoint/src/cover.h"

namespace bsub::ckpt {
namespace {

Failure Mismatch(const std::string& message) {
  return {BSUB_CHECKPOINT_MISMATCH,
          message + "; the checkpoint is of another program or problem: choose another directory"};
}

std::string ShapeWords(std::string_view type, const std::vector<std::uint64_t>& shape) {
  std::string text(type);
  for (std::size_t d = 0; d < shape.size(); ++d) text += (d == 0 ? " " : "x") + std::to_string(shape[d]);
  return text;
}

Done CheckDataset(const Manifest& manifest, const Part& part) {
  const DatasetShape* saved = manifest.FindDataset(part.name);
  if (saved == nullptr) return Mismatch("dataset " + part.name + " was not saved");
  if (saved->type != part.type->name || saved->shape != part.global) {
    return Mismatch("dataset " + part.name + " was saved as " + ShapeWords(saved->type, saved->shape) +
                    " and is declared as " + ShapeWords(part.type->name, part.global));
  }
  return {};
}

// Of a store whose parts overlap nobody knows which are right, and counting elements would not show holes.
Done CheckOnce(const Manifest& manifest, const std::string& dataset) {
  std::vector<Box> boxes;
  for (const Shard& shard : manifest.shards) {
    for (const StoredPart& stored : shard.parts) {
      if (stored.dataset == dataset) boxes.push_back(stored.box);
    }
  }
  const auto [one, other] = FirstOverlap(boxes);
  if (one == other) return {};
  return Mismatch("dataset " + dataset + ": its saved parts " + Words(boxes[one]) + " and " +
                  Words(boxes[other]) + " overlap");
}

// Blocks that hold anything of the part.
Outcome<std::vector<BlockRef>> BlocksFor(const Manifest& manifest, const Part& part, std::size_t tag) {
  std::vector<BlockRef> blocks;
  std::uint64_t covered = 0;
  CKPT_RETURN_IF_FAILED(CheckOnce(manifest, part.name));
  for (const Shard& shard : manifest.shards) {
    for (const StoredPart& stored : shard.parts) {
      if (stored.dataset != part.name || Intersection(stored.box, part.box).elements() == 0) continue;
      for (BlockRef& block : BlocksOf(stored, shard.rank, part.type->bytes, tag)) {
        const std::uint64_t common = Intersection(block.box, part.box).elements();
        covered += common;
        if (common > 0) blocks.push_back(std::move(block));
      }
    }
  }
  if (covered != part.box.elements()) {
    return Mismatch("dataset " + part.name + ": " + std::to_string(covered) + " of this rank's " +
                    std::to_string(part.box.elements()) + " elements were saved");
  }
  return blocks;
}

Done LoadValues(const Manifest& manifest, const Declarations& declarations) {
  for (const Value& value : declarations.values()) {
    const auto saved = std::ranges::find(manifest.values, value.name, &SavedValue::name);
    if (saved == manifest.values.end()) return Mismatch("value " + value.name + " was not saved");
    if (saved->type != value.type->name || saved->count != value.count) {
      return Mismatch("value " + value.name + " was saved as " + std::to_string(saved->count) + " of " +
                      saved->type + " and is declared as " + std::to_string(value.count) + " of " +
                      std::string(value.type->name));
    }
    std::memcpy(value.data, saved->bytes.data(), saved->bytes.size());
  }
  return {};
}

}  // namespace

Done LoadGeneration(FileSystem& files, const std::string& directory, const Manifest& manifest,
                    const Declarations& declarations, const LoadingRank& me) {
  const std::vector<Part>& parts = declarations.parts();
  std::vector<BlockRef> all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    CKPT_RETURN_IF_FAILED(CheckDataset(manifest, parts[i]));
    if (parts[i].box.elements() == 0) continue;
    CKPT_ASSIGN_OR_RETURN(std::vector<BlockRef> blocks, BlocksFor(manifest, parts[i], i));
    std::ranges::move(blocks, std::back_inserter(all));
  }
  for (std::int32_t shard = me.rank; shard < static_cast<std::int32_t>(manifest.shards.size());
       shard += me.ranks) {
    CKPT_RETURN_IF_FAILED(VerifyRest(files, directory, manifest, shard));
  }
  CKPT_RETURN_IF_FAILED(
      ReadBlocks(files, directory, all, me.threads, [&](const BlockRef& block, const char* data) -> Done {
        const Part& part = parts[block.tag];
        CopyBox(Intersection(block.box, part.box), block.box, data, part.box, part.data, part.type->bytes);
        return {};
      }));
  return LoadValues(manifest, declarations);
}

}  // namespace bsub::ckpt
