#include "checkpoint/src/shard_save.h"

#include <tbb/parallel_for.h>

#include <algorithm>

#include "checkpoint/src/checksum.h"
#include "checkpoint/src/mappings.h"
#include "checkpoint/src/pace.h"
#include "checkpoint/src/parallel.h"
#include "checkpoint/src/rest.h"
#include "checkpoint/src/staged_windows.h"

namespace bsub::ckpt {
namespace {

const std::string kTemporary = ".tmp";

const PartHistory* FindHistory(const History* base, const Part& part, const Blocks& cut) {
  if (base == nullptr) return nullptr;
  for (const PartHistory& before : base->parts) {
    const StoredPart& stored = before.stored;
    if (stored.dataset == part.name && stored.box == part.box && stored.cut == cut) return &before;
  }
  return nullptr;
}

}  // namespace

struct ShardSave::Staged {
  StagingPool& pool;
  bool all_fits;  // so nothing is written before everything is copied: the program gets all cores
  StagedWindows windows;
};

ShardSave::ShardSave(FileSystem& files, Target target, const SaveSettings& settings)
    : files_(files), target_(std::move(target)), settings_(settings) {}

ShardSave::~ShardSave() = default;

Outcome<std::unique_ptr<ShardSave>> ShardSave::Begin(FileSystem& files, const Target& target,
                                                     const std::vector<Part>& parts,
                                                     const SaveSettings& settings, const History* base) {
  std::unique_ptr<ShardSave> save(new ShardSave(files, target, settings));
  if (base != nullptr && base->differential >= kLongestChain) base = nullptr;
  save->structure_ = {target.generation, target.step, target.rank, {}};
  for (const Part& part : parts) {
    if (part.box.elements() > 0) save->planned_.push_back(save->Plan(part, base));
  }
  for (Planned& planned : save->planned_) {
    save->AddDataset(planned);
    if (planned.differential) save->differential_ = base->differential + 1;
  }
  CKPT_RETURN_IF_FAILED(save->MakeFile());
  return save;
}

ShardSave::Planned ShardSave::Plan(const Part& part, const History* base) const {
  const Blocks cut = CutIntoBlocks(part.box.count, part.type->bytes, settings_.block_bytes);
  Planned planned{part, BlockGrid(part.box.count, cut), {part.name, part.box, cut, {}}, {}, {}};
  planned.stored.blocks.resize(planned.grid.size());
  planned.places.resize(planned.grid.size());
  if (const PartHistory* before = FindHistory(base, part, cut)) Compare(*before, planned);
  return planned;
}

// Hashes all blocks; keeps those that are as they were, unless most have changed.
void ShardSave::Compare(const PartHistory& before, Planned& planned) const {
  const auto* data = static_cast<const char*>(planned.part.data);
  const std::uint64_t element = planned.part.type->bytes;
  std::vector<StoredBlock>& blocks = planned.stored.blocks;
  tbb::parallel_for(std::size_t{0}, blocks.size(), [&](std::size_t i) {
    blocks[i].checksum =
        Checksum(data + planned.grid.first_element(i) * element, planned.grid.elements(i) * element);
  });
  planned.hashed = true;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].checksum != before.stored.blocks[i].checksum) planned.changed.push_back(i);
  }
  planned.differential = planned.changed.size() * 2 <= blocks.size();
  if (!planned.differential) return;
  for (std::size_t i = 0, next = 0; i < blocks.size(); ++i) {
    if (next < planned.changed.size() && planned.changed[next] == i) {
      planned.places[i] = {planned.changed.size(), next++};
    } else {
      blocks[i] = before.stored.blocks[i];
      planned.places[i] = before.places[i];
    }
  }
}

void ShardSave::AddDataset(Planned& planned) {
  if (planned.differential && planned.changed.empty()) return;
  planned.dataset = structure_.datasets.size();
  const Part& part = planned.part;
  ShardDataset dataset{
      part.name, std::string(part.type->name), part.box.count, {}, part.global, part.box.offset, {}};
  dataset.chunk = planned.grid.shape();
  if (planned.differential) {
    dataset.blocks = planned.changed;
    dataset.shape = dataset.chunk;
    dataset.shape.insert(dataset.shape.begin(), planned.changed.size());
    dataset.chunk.insert(dataset.chunk.begin(), 1);
  }
  structure_.datasets.push_back(std::move(dataset));
  planned_of_.push_back(static_cast<std::size_t>(&planned - planned_.data()));
}

Done ShardSave::MakeFile() {
  CKPT_ASSIGN_OR_RETURN(file_, files_.Create(path() + kTemporary));
  std::vector<std::uint64_t> offsets(structure_.datasets.size(), 0);
  if (settings_.compression > 0) {
    CKPT_ASSIGN_OR_RETURN(CompressedShard shard, CompressedShard::Make(structure_, settings_.compression));
    compressed_.emplace(std::move(shard));
  } else {
    CKPT_ASSIGN_OR_RETURN(MadeShard made, MakeShard(structure_));
    CKPT_ASSIGN_OR_RETURN(const std::uint64_t bytes, made.file.Size());
    CKPT_RETURN_IF_FAILED(file_->Resize(bytes));
    made_.emplace(std::move(made.file));
    offsets = std::move(made.offsets);
  }
  for (std::size_t d = 0; d < planned_of_.size(); ++d) AddWindows(planned_[planned_of_[d]], offsets[d]);
  return {};
}

void ShardSave::AddWindows(Planned& planned, std::uint64_t offset) {
  const std::uint64_t element = planned.part.type->bytes;
  const bool pad = planned.differential || settings_.compression > 0;
  const std::uint64_t count = planned.differential ? planned.changed.size() : planned.grid.size();
  const auto* data = static_cast<const char*>(planned.part.data);
  std::vector<WindowItem> items;
  std::uint64_t at = offset;
  for (std::uint64_t number = 0; number < count; ++number) {
    const std::uint64_t block = planned.differential ? planned.changed[number] : number;
    const std::uint64_t bytes = planned.grid.elements(block) * element;
    const std::uint64_t padding = pad ? planned.grid.full_elements() * element - bytes : 0;
    StoredBlock& stored = planned.stored.blocks[block];
    stored.generation = target_.generation;
    stored.offset = at;
    at += bytes + padding;
    items.push_back({&stored, number, data + planned.grid.first_element(block) * element, bytes, padding});
  }
  AppendWindows(planned.dataset, planned.hashed, offset, std::move(items), windows_);
}

std::vector<Mapping> ShardSave::Mappings() const {
  std::vector<Mapping> mappings;
  for (const Planned& planned : planned_)
    AppendMappings(planned.part, planned.stored, planned.places, target_.rank, mappings);
  return mappings;
}

bool ShardSave::is_differential() const { return differential_ > 0; }

Done ShardSave::WriteNow() {
  const std::uint64_t buffer_bytes = LargestWindow(settings_.block_bytes) + kDirectAlignment;
  std::vector<Pages> buffers(static_cast<std::size_t>(std::max(settings_.threads, 1)));
  return ForEach(windows_.size(), settings_.threads, [&](std::size_t index, int thread) -> Done {
    const Window& window = windows_[index];
    if (const char* data = InPlace(window)) return Process(window, data);
    Pages& buffer = buffers[static_cast<std::size_t>(thread)];
    if (buffer.data() == nullptr) buffer = Pages(buffer_bytes);
    char* data = buffer.data() + window.offset % kDirectAlignment;
    CopyWindow(window, data);
    return Process(window, data);
  });
}

Done ShardSave::Process(const Window& window, const char* data) {
  HashWindow(window, data);
  return compressed_ ? Compress(window, data) : file_->WriteAt(data, window.bytes, window.offset);
}

std::vector<std::uint64_t> ShardSave::ChunkAt(const Planned& planned, std::uint64_t number) const {
  if (!planned.differential) return planned.grid.box(number).offset;
  std::vector<std::uint64_t> at(planned.grid.shape().size() + 1, 0);
  at[0] = number;
  return at;
}

Done ShardSave::Compress(const Window& window, const char* data) {
  const Planned& planned = planned_[planned_of_[window.dataset]];
  for (const WindowItem& item : window.items) {
    CKPT_ASSIGN_OR_RETURN(const std::string packed,
                          Deflate(data, item.bytes + item.padding, settings_.compression));
    item.block->packed_bytes = packed.size();
    item.block->packed_checksum = Checksum(packed);
    CKPT_ASSIGN_OR_RETURN(item.block->offset,
                          compressed_->AddChunk(window.dataset, ChunkAt(planned, item.number), packed));
    CKPT_RETURN_IF_FAILED(file_->WriteAt(packed.data(), packed.size(), item.block->offset));
    data += item.bytes + item.padding;
  }
  return {};
}

Done ShardSave::Stage(StagingPool& pool) {
  const auto write = [this](std::size_t index, char* buffer) -> Done {
    const Window& window = windows_[index];
    return Process(window, buffer + window.offset % kDirectAlignment);
  };
  const auto release = [&pool](char* buffer) { pool.Release(buffer); };
  return Guard([&]() -> Done {
    const bool all_fits = pool.count() >= windows_.size();
    staged_.reset(new Staged{pool, all_fits, StagedWindows(settings_.threads, write, release)});
    if (!all_fits) staged_->windows.Start();
    const Done copied = Guard([&] { return CopyWindows(); });
    staged_->windows.CloseQueue();
    if (all_fits) staged_->windows.Start();
    return copied;
  });
}

Done ShardSave::CopyWindows() {
  tbb::parallel_for(std::size_t{0}, windows_.size(), [&](std::size_t index) {
    char* buffer = staged_->pool.Acquire();
    CopyWindow(windows_[index], buffer + windows_[index].offset % kDirectAlignment);
    staged_->windows.Push(index, buffer);
  });
  return {};
}

Done ShardSave::WriteStaged() { return staged_->windows.Finish(); }

Outcome<Shard> ShardSave::Finish() {
  Shard shard;
  shard.rank = target_.rank;
  if (compressed_) {
    CKPT_RETURN_IF_FAILED(compressed_->Close());
    made_.emplace(compressed_->TakeMemory());
  }
  CKPT_ASSIGN_OR_RETURN(shard.bytes, made_->Size());
  CKPT_RETURN_IF_FAILED(file_->Resize(shard.bytes));
  std::vector<Extent> extents;
  for (const Planned& planned : planned_) {
    shard.parts.push_back(planned.stored);
    AddExtents(planned.stored, planned.part.type->bytes, target_.generation, extents);
  }
  for (const Extent& extent : extents) shard.written_bytes += extent.bytes;
  CKPT_ASSIGN_OR_RETURN(shard.rest_checksum, CopyRest(*made_, *file_, std::move(extents)));
  CKPT_RETURN_IF_FAILED(file_->Sync());
  CKPT_RETURN_IF_FAILED(files_.Rename(path() + kTemporary, path()));
  // Rank 0 syncs the directory again before it renames the manifest; on other machines that may not be
  // enough.
  if (target_.rank != 0) CKPT_RETURN_IF_FAILED(files_.SyncDirectory(target_.directory));
  return shard;
}

History ShardSave::TakeHistory() {
  History history{differential_, {}};
  for (Planned& planned : planned_) {
    history.parts.push_back({std::move(planned.stored), std::move(planned.places)});
  }
  return history;
}

std::uint64_t ShardSave::BufferBytes(const std::vector<Part>& parts, const SaveSettings& settings) {
  std::uint64_t largest = 0;
  for (const Part& part : parts) {
    // A part that is smaller than a window makes a smaller one; padding fills at most a block.
    largest = std::max(largest, part.bytes() + settings.block_bytes);
  }
  const std::uint64_t bytes = std::min(largest, LargestWindow(settings.block_bytes)) + kDirectAlignment;
  return (bytes + kDirectAlignment - 1) / kDirectAlignment * kDirectAlignment;
}

}  // namespace bsub::ckpt
