#include "scheduler/core/served_index.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/check.h"

namespace bsub::sched {
namespace {

bool StandsBefore(const ServedClass& entry, const ServedPlace& place) { return entry.place < place; }

}  // namespace

std::size_t ServedIndex::ChunkOf(const ServedPlace& place) const {
  const auto it = std::partition_point(chunks_.begin(), chunks_.end(), [&place](const Chunk& chunk) {
    return chunk.entries.back().place < place;
  });
  return static_cast<std::size_t>(it - chunks_.begin());
}

void ServedIndex::Count(Chunk& chunk) {
  chunk.least_cpu_milli = chunk.entries.front().least_cpu_milli;
  for (const ServedClass& entry : chunk.entries)
    chunk.least_cpu_milli = std::min(chunk.least_cpu_milli, entry.least_cpu_milli);
}

void ServedIndex::Insert(const ServedClass& entry) {
  ++changes_;
  if (chunks_.empty()) {
    Chunk& only = chunks_.emplace_back(std::exchange(spare_, {}));
    only.entries.push_back(entry);
    only.least_cpu_milli = entry.least_cpu_milli;
    return;
  }
  const std::size_t at = std::min(ChunkOf(entry.place), chunks_.size() - 1);
  Chunk& chunk = chunks_[at];
  auto& entries = chunk.entries;
  entries.insert(std::lower_bound(entries.begin(), entries.end(), entry.place, StandsBefore), entry);
  chunk.least_cpu_milli = std::min(chunk.least_cpu_milli, entry.least_cpu_milli);
  if (entries.size() <= kChunk) return;
  // Most come in order: the last chunk is left full, so that they are not half empty ever after.
  const bool last = at + 1 == chunks_.size();
  const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(last ? kChunk : kChunk / 2);
  Chunk second{{std::make_move_iterator(middle), std::make_move_iterator(entries.end())}, 0};
  entries.erase(middle, entries.end());
  Count(chunk);
  Count(second);
  chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(second));
}

void ServedIndex::Erase(const ServedPlace& place) {
  ++changes_;
  const std::size_t at = ChunkOf(place);
  BSUB_CHECK(at < chunks_.size()) << "a class that waits is not in its queue's order";
  Chunk& chunk = chunks_[at];
  auto& entries = chunk.entries;
  const auto it = std::lower_bound(entries.begin(), entries.end(), place, StandsBefore);
  BSUB_CHECK(it != entries.end() && it->place == place) << "a class that waits is not where it should be";
  const bool least = it->least_cpu_milli == chunk.least_cpu_milli;
  entries.erase(it);
  if (entries.empty()) {
    spare_ = std::move(chunk);
    chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at));
  } else if (least) {
    Count(chunk);
  }
}

void ServedIndex::Cursor::Seek() {
  changes_ = index_->changes_;
  chunk_ = in_chunk_ = 0;
  if (!begun_) return;
  chunk_ = index_->ChunkOf(last_);
  if (chunk_ == index_->chunks_.size()) return;
  const auto& entries = index_->chunks_[chunk_].entries;
  auto it = std::lower_bound(entries.begin(), entries.end(), last_, StandsBefore);
  if (!stay_ && it->place == last_) ++it;
  in_chunk_ = static_cast<std::size_t>(it - entries.begin());
}

const ServedClass* ServedIndex::Cursor::Next(std::int64_t free_cpu_milli) {
  if (!begun_ || stay_ || changes_ != index_->changes_) Seek();
  stay_ = false;
  for (; chunk_ < index_->chunks_.size(); ++chunk_, in_chunk_ = 0) {
    const Chunk& chunk = index_->chunks_[chunk_];
    if (chunk.least_cpu_milli > free_cpu_milli) continue;
    while (in_chunk_ < chunk.entries.size()) {
      const ServedClass& entry = chunk.entries[in_chunk_++];
      if (entry.least_cpu_milli > free_cpu_milli) continue;
      last_ = entry.place;
      begun_ = true;
      return &entry;
    }
  }
  return nullptr;
}

}  // namespace bsub::sched
