// A fixed number of bits in 64-bit words: one bit per child of an array. Bits past size() are always zero.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/check.h"

namespace bsub::sched {

class Bitmap {
 public:
  Bitmap() = default;
  explicit Bitmap(std::uint32_t size) : size_(size), words_((size + 63) / 64) {}

  std::uint32_t size() const { return size_; }
  std::size_t word_count() const { return words_.size(); }
  std::uint64_t word(std::size_t i) const { return words_[i]; }
  // Bits past size() are dropped.
  void set_word(std::size_t i, std::uint64_t value) { words_[i] = value & WordMask(i); }
  // The bits of word i that exist.
  std::uint64_t WordMask(std::size_t i) const {
    const std::uint32_t rest = size_ - static_cast<std::uint32_t>(i) * 64;
    return rest >= 64 ? ~0ULL : (1ULL << rest) - 1;
  }

  bool test(std::uint32_t bit) const { return words_[bit / 64] >> (bit % 64) & 1; }
  void set(std::uint32_t bit) { words_[bit / 64] |= 1ULL << (bit % 64); }
  void reset(std::uint32_t bit) { words_[bit / 64] &= ~(1ULL << (bit % 64)); }
  void assign(std::uint32_t bit, bool value) { value ? set(bit) : reset(bit); }

  std::uint32_t Count() const {
    std::uint32_t n = 0;
    for (const std::uint64_t w : words_) n += static_cast<std::uint32_t>(std::popcount(w));
    return n;
  }
  // Set bits below `bit`, which exists.
  std::uint32_t CountBefore(std::uint32_t bit) const {
    std::uint32_t n = 0;
    for (std::uint32_t i = 0; i < bit / 64; ++i) n += static_cast<std::uint32_t>(std::popcount(words_[i]));
    return n + static_cast<std::uint32_t>(std::popcount(words_[bit / 64] & ((1ULL << (bit % 64)) - 1)));
  }
  // The first set bit at or after `from`.
  std::optional<std::uint32_t> FirstSet(std::uint32_t from = 0) const {
    if (from >= size_) return std::nullopt;
    std::size_t i = from / 64;
    std::uint64_t w = words_[i] & (~0ULL << (from % 64));
    while (w == 0) {
      if (++i == words_.size()) return std::nullopt;
      w = words_[i];
    }
    return static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(w));
  }
  friend bool operator==(const Bitmap&, const Bitmap&) = default;

 private:
  std::uint32_t size_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace bsub::sched
