#include "bench/core/live_bytes.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

// The program under measurement has one thread. malloc's header is 8 bytes.
std::int64_t live = 0, peak = 0;
constexpr std::int64_t kHeader = 8;

void* Take(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  live += static_cast<std::int64_t>(malloc_usable_size(block)) + kHeader;
  peak = std::max(peak, live);
  return block;
}

void GiveBack(void* block) {
  if (block == nullptr) return;
  live -= static_cast<std::int64_t>(malloc_usable_size(block)) + kHeader;
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return Take(size); }
void* operator new[](std::size_t size) { return Take(size); }
void operator delete(void* block) noexcept { GiveBack(block); }
void operator delete[](void* block) noexcept { GiveBack(block); }
void operator delete(void* block, std::size_t) noexcept { GiveBack(block); }
void operator delete[](void* block, std::size_t) noexcept { GiveBack(block); }

namespace bsub::bench {

std::int64_t LiveBytes() { return live; }
std::int64_t PeakBytes() { return peak; }
void ResetPeak() { peak = live; }

}  // namespace bsub::bench
