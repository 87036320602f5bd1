#include "scheduler/core/array_state.h"

#include <algorithm>

namespace bsub::sched {

std::uint8_t ExitCodes::Chunk::Index(std::uint32_t i) const {
  const std::uint32_t bit = i * bits;
  return static_cast<std::uint8_t>(indices[bit / 8] >> (bit % 8) & ((1u << bits) - 1));
}

void ExitCodes::Chunk::SetIndex(std::uint32_t i, std::uint8_t index) {
  const std::uint32_t bit = i * bits;
  const std::uint32_t mask = ((1u << bits) - 1) << (bit % 8);
  std::uint8_t& byte = indices[bit / 8];
  byte = static_cast<std::uint8_t>((byte & ~mask) | (std::uint32_t{index} << (bit % 8)));
}

std::uint8_t ExitCodes::Chunk::IndexOf(std::uint8_t code) {
  const auto it = std::find(codes.begin(), codes.end(), code);
  if (it != codes.end()) return static_cast<std::uint8_t>(it - codes.begin());
  if (codes.size() == std::size_t{1} << bits) Widen();
  codes.push_back(code);
  return static_cast<std::uint8_t>(codes.size() - 1);
}

void ExitCodes::Chunk::Widen() {
  Chunk wider;
  wider.bits = bits * 2;
  wider.indices.resize(kChunk / 8 * wider.bits);
  for (std::uint32_t i = 0; i < kChunk; ++i) wider.SetIndex(i, Index(i));
  bits = wider.bits;
  indices = std::move(wider.indices);
}

std::uint8_t ExitCodes::at(std::uint32_t ordinal) const {
  const auto& chunk = chunks_[ordinal / kChunk];
  return chunk ? chunk->codes[chunk->Index(ordinal % kChunk)] : 0;
}

void ExitCodes::set(std::uint32_t ordinal, std::uint8_t code) {
  const std::uint8_t before = at(ordinal);
  if (before == code) return;
  auto& chunk = chunks_[ordinal / kChunk];
  if (!chunk) chunk = std::make_unique<Chunk>();
  chunk->SetIndex(ordinal % kChunk, chunk->IndexOf(code));
  if (code != 0) ++counts_[code];
  if (before != 0 && --counts_[before] == 0) counts_.erase(before);
}

std::size_t ExitCodes::bytes() const {
  std::size_t n = chunks_.capacity() * sizeof(chunks_[0]);
  for (const auto& chunk : chunks_) {
    if (chunk) n += sizeof(*chunk) + chunk->codes.capacity() + chunk->indices.capacity();
  }
  return n;
}

std::size_t ArrayState::durable_bytes() const {
  constexpr std::size_t kMapNode = 4 * sizeof(void*);  // what a std::map adds to each row
  return (3 * succeeded.word_count() + sent_back.word_count()) * sizeof(std::uint64_t) + exit_codes.bytes() +
         rows.size() * (kMapNode + sizeof(Task));
}

}  // namespace bsub::sched
