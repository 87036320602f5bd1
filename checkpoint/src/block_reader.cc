#include "checkpoint/src/block_reader.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "checkpoint/src/checksum.h"
#include "checkpoint/src/number_type.h"
#include "checkpoint/src/parallel.h"
#include "checkpoint/src/rest.h"
#include "checkpoint/src/staging.h"
#include "checkpoint/src/window.h"

namespace bsub::ckpt {
namespace {

using ShardKey = std::pair<std::uint64_t, std::int32_t>;  // generation, rank

std::string ShardPath(const std::string& directory, const ShardKey& key) {
  return directory + "/" + std::to_string(key.first) + "/" + ShardName(key.second);
}

// Blocks [first, end) of the list, one behind the other in one file.
struct Read {
  std::size_t first = 0;
  std::size_t end = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

std::uint64_t BytesInFile(const BlockRef& block) {
  return block.stored().packed_bytes > 0 ? block.stored().packed_bytes : block.bytes;
}

std::vector<Read> Reads(const std::vector<BlockRef>& blocks) {
  std::vector<Read> reads;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const BlockRef& block = blocks[i];
    const std::uint64_t bytes = BytesInFile(block);
    const bool follows = i > 0 && !reads.empty() && blocks[i - 1].rank == block.rank &&
                         blocks[i - 1].stored().generation == block.stored().generation &&
                         reads.back().offset + reads.back().bytes == block.stored().offset &&
                         reads.back().bytes + bytes <= kWindowBytes;
    if (!follows) reads.push_back({i, i, block.stored().offset, 0});
    reads.back().end = i + 1;
    reads.back().bytes += bytes;
  }
  return reads;
}

Failure BadBlock(const BlockRef& block, const std::string& why) {
  return Damaged(block.words() + " (generation " + std::to_string(block.stored().generation) + ", " +
                 ShardName(block.rank) + " at byte " + std::to_string(block.stored().offset) + "): " + why);
}

Failure BadBlock(const BlockRef& block, const Failure& failure) {
  Failure bad = BadBlock(block, failure.message);
  bad.unreadable = failure.unreadable;
  return bad;
}

// `words` before what it says.
Failure Told(const std::string& words, Failure failure) {
  failure.message.insert(0, words);
  return failure;
}

class Reader {
 public:
  Reader(FileSystem& files, const std::string& directory, const std::vector<BlockRef>& blocks, int threads,
         const std::function<Done(const BlockRef&, const char*)>& take)
      : files_(files),
        directory_(directory),
        blocks_(blocks),
        threads_(threads),
        take_(take),
        reads_(Reads(blocks)) {}

  Done Run() {
    CKPT_RETURN_IF_FAILED(OpenFiles());
    std::uint64_t largest = 0;
    std::uint64_t largest_block = 0;
    for (const Read& read : reads_) largest = std::max(largest, read.bytes);
    for (const BlockRef& block : blocks_) {
      if (block.stored().packed_bytes > 0) largest_block = std::max(largest_block, block.full_bytes);
    }
    const auto threads = static_cast<std::size_t>(std::max(threads_, 1));
    std::vector<Pages> buffers(threads);
    std::vector<std::vector<char>> unpacked(threads);
    return ForEach(reads_.size(), threads_, [&](std::size_t index, int thread) -> Done {
      const auto mine = static_cast<std::size_t>(thread);
      if (buffers[mine].data() == nullptr) buffers[mine] = Pages(largest + kDirectAlignment);
      unpacked[mine].resize(largest_block);
      return ReadOne(reads_[index], buffers[mine].data(), unpacked[mine]);
    });
  }

 private:
  Done OpenFiles() {
    for (const BlockRef& block : blocks_) {
      const ShardKey key(block.stored().generation, block.rank);
      if (open_.contains(key)) continue;
      auto file = files_.OpenForReading(ShardPath(directory_, key));
      if (!file && file.error().status == BSUB_CHECKPOINT_DAMAGED) return BadBlock(block, file.error());
      if (!file) return file.error();
      open_[key] = std::move(*file);
    }
    return {};
  }

  Done ReadOne(const Read& read, char* buffer, std::vector<char>& unpacked) {
    const BlockRef& first = blocks_[read.first];
    // The address is as far from a multiple of the alignment as the offset: most of it can go past the page
    // cache.
    char* data = buffer + read.offset % kDirectAlignment;
    const auto file = open_.find({first.stored().generation, first.rank});
    const Done done = file->second->ReadAt(data, read.bytes, read.offset);
    if (!done && done.error().status == BSUB_CHECKPOINT_DAMAGED) return BadBlock(first, done.error());
    CKPT_RETURN_IF_FAILED(done);
    for (std::size_t i = read.first; i < read.end; ++i) {
      CKPT_RETURN_IF_FAILED(Check(blocks_[i], data, unpacked));
      data += BytesInFile(blocks_[i]);
    }
    return {};
  }

  Done Check(const BlockRef& block, const char* data, std::vector<char>& unpacked) {
    const StoredBlock& stored = block.stored();
    if (stored.packed_bytes > 0) {
      if (Checksum(data, stored.packed_bytes) != stored.packed_checksum)
        return BadBlock(block, "its checksum does not match");
      const Done done = Inflate(data, stored.packed_bytes, unpacked.data(), block.full_bytes);
      if (!done) return BadBlock(block, done.error().message);
      data = unpacked.data();
    }
    if (Checksum(data, block.bytes) != stored.checksum) return BadBlock(block, "its checksum does not match");
    return take_(block, data);
  }

  FileSystem& files_;
  const std::string& directory_;
  const std::vector<BlockRef>& blocks_;
  int threads_;
  const std::function<Done(const BlockRef&, const char*)>& take_;
  std::vector<Read> reads_;
  std::map<ShardKey, std::unique_ptr<File>> open_;
};

Done VerifyMaster(FileSystem& files, const std::string& path, const Manifest& manifest) {
  const auto text = files.ReadWhole(path);
  if (!text && text.error().status == BSUB_CHECKPOINT_NOTHING_SAVED) return Damaged(text.error().message);
  if (!text) return text.error();
  if (text->size() != manifest.master_bytes || Checksum(*text) != manifest.master_checksum) {
    return Damaged(std::string(kMasterName) + ": its checksum does not match");
  }
  return {};
}

}  // namespace

std::string BlockRef::words() const {
  return "rank " + std::to_string(rank) + ", dataset " + part->dataset + ", block " + std::to_string(number);
}

std::vector<BlockRef> BlocksOf(const StoredPart& part, std::int32_t rank, std::uint64_t element_bytes,
                               std::size_t tag) {
  const BlockGrid grid(part.box.count, part.cut);
  std::vector<BlockRef> blocks;
  for (std::uint64_t i = 0; i < part.blocks.size(); ++i) {
    BlockRef block{
        &part,       rank, i, grid.elements(i) * element_bytes, grid.full_elements() * element_bytes,
        grid.box(i), tag};
    for (std::size_t d = 0; d < block.box.offset.size(); ++d) block.box.offset[d] += part.box.offset[d];
    blocks.push_back(std::move(block));
  }
  return blocks;
}

Done ReadBlocks(FileSystem& files, const std::string& directory, const std::vector<BlockRef>& blocks,
                int threads, const std::function<Done(const BlockRef& block, const char* data)>& take) {
  return Reader(files, directory, blocks, threads, take).Run();
}

Done VerifyRest(FileSystem& files, const std::string& directory, const Manifest& manifest,
                std::int32_t rank) {
  const std::string generation = directory + "/" + std::to_string(manifest.generation);
  if (rank == 0) CKPT_RETURN_IF_FAILED(VerifyMaster(files, generation + "/" + kMasterName, manifest));
  const std::string shard_words = "rank " + std::to_string(rank) + ", " + ShardName(rank) + ": ";
  const Shard& shard = manifest.shards[static_cast<std::size_t>(rank)];
  const auto file = files.OpenForReading(generation + "/" + ShardName(rank));
  if (!file) return Told(shard_words, file.error());
  const auto checksum = RestChecksum(**file, shard, manifest.generation, manifest);
  if (!checksum) return Told(shard_words, checksum.error());
  if (*checksum != shard.rest_checksum) {
    return Damaged(shard_words + "the checksum of what is around the blocks does not match");
  }
  return {};
}

Done VerifyGeneration(FileSystem& files, const std::string& directory, const Manifest& manifest, int threads,
                      const std::function<void(const BlockRef& block)>& seen) {
  for (const Shard& shard : manifest.shards) {
    CKPT_RETURN_IF_FAILED(VerifyRest(files, directory, manifest, shard.rank));
    std::vector<BlockRef> blocks;
    for (const StoredPart& part : shard.parts) {
      const std::uint64_t element = FindType(manifest.FindDataset(part.dataset)->type)->bytes;
      std::ranges::move(BlocksOf(part, shard.rank, element, 0), std::back_inserter(blocks));
    }
    CKPT_RETURN_IF_FAILED(
        ReadBlocks(files, directory, blocks, threads, [&](const BlockRef& block, const char*) -> Done {
          if (seen) seen(block);
          return {};
        }));
  }
  return {};
}

}  // namespace bsub::ckpt
