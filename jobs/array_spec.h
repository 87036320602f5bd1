// Index lists of array jobs: "1-1000", "0-9:3", "1,4,7-10", "1-1000:2%50" (at most 50 at a time).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub {

// first, first+step, … up to and including last (which is always a member).
struct IndexRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t step = 1;
  std::uint32_t size() const { return (last - first) / step + 1; }
  friend auto operator<=>(const IndexRange&, const IndexRange&) = default;
};

// The children of an array. An *index* is what users see (17 in "2[17]"); an *ordinal* is its position
// 0..size-1 in ascending order of index, and is what the core's bitmaps use.
class ArraySpec {
 public:
  ArraySpec() = default;
  // Ranges must be ascending, disjoint as intervals, and end in a member (checked). MakeArraySpec takes any.
  ArraySpec(std::vector<IndexRange> ranges, std::uint32_t concurrency);

  std::uint32_t size() const { return size_; }
  std::uint32_t concurrency() const { return concurrency_; }  // 0: no limit
  const std::vector<IndexRange>& ranges() const { return ranges_; }

  // Both cost the logarithm of the number of ranges.
  std::uint32_t IndexOf(std::uint32_t ordinal) const;                 // ordinal < size()
  std::optional<std::uint32_t> OrdinalOf(std::uint32_t index) const;  // nothing if not a member
  std::string ToString() const;  // canonical spelling, parses back to *this
  friend bool operator==(const ArraySpec&, const ArraySpec&) = default;

 private:
  std::vector<IndexRange> ranges_;       // disjoint intervals, ascending
  std::vector<std::uint32_t> ordinals_;  // of each range's first index
  std::uint32_t size_ = 0;
  std::uint32_t concurrency_ = 0;
};

struct ArrayLimits {
  std::uint32_t max_children = 1'000'000;
  std::uint32_t max_index = 2'147'483'646;
};

// Accepts duplicates and any order. The result is canonical: equal sets of indexes give equal ranges. Only
// overlapping ranges with different steps are written out one by one, at most 2 * max_children members.
Result<ArraySpec> ParseArraySpec(std::string_view text, const ArrayLimits& limits = {});

// The same from ranges that came from elsewhere, e.g. a wire message.
Result<ArraySpec> MakeArraySpec(std::vector<IndexRange> ranges, std::uint32_t concurrency,
                                const ArrayLimits& limits = {});

// A bare number N ("--array 100") means 1-N? No: it is the single index N. AWS's size N is SizedArray(N):
// 0..N-1.
ArraySpec SizedArray(std::uint32_t size);

// "12", "12[17]", "12_17" (Slurm) or "12:17" (AWS's suffix).
struct JobTarget {
  std::uint64_t job = 0;
  std::optional<std::uint32_t> index{};
  friend auto operator<=>(const JobTarget&, const JobTarget&) = default;
};
Result<JobTarget> ParseJobTarget(std::string_view text);
std::string ToString(const JobTarget& target);  // "12" or "12[17]"

}  // namespace bsub
