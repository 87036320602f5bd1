#include "scheduler/core/array_state.h"

namespace bsub::sched {

std::uint8_t ExitCodes::at(std::uint32_t ordinal) const {
  const auto& chunk = chunks_[ordinal / kChunk];
  return chunk ? (*chunk)[ordinal % kChunk] : 0;
}

void ExitCodes::set(std::uint32_t ordinal, std::uint8_t code) {
  auto& chunk = chunks_[ordinal / kChunk];
  if (!chunk) {
    if (code == 0) return;
    chunk = std::make_unique<std::array<std::uint8_t, kChunk>>();
  }
  (*chunk)[ordinal % kChunk] = code;
}

std::size_t ExitCodes::bytes() const {
  std::size_t n = chunks_.size() * sizeof(chunks_[0]);
  for (const auto& chunk : chunks_) n += chunk ? sizeof(*chunk) : 0;
  return n;
}

}  // namespace bsub::sched
