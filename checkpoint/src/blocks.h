// How a rank's part of an array is cut into blocks, and what two boxes have in common. Pure arithmetic.
//
// A block is what is hashed, compressed and compared at once: `rows` neighbouring indices of dimension
// `along`, one index of each slower dimension, everything of the faster ones. So it is a box, for HDF5, and
// one run of bytes in memory; the blocks in order are the part in order.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "checkpoint/src/result.h"

namespace bsub::ckpt {

inline constexpr int kMaxDimensions = BSUB_CHECKPOINT_MAX_DIMENSIONS;

// A box in an array: [offset, offset + count) per dimension. Row-major, slowest first.
struct Box {
  std::vector<std::uint64_t> offset;
  std::vector<std::uint64_t> count;

  int dimensions() const { return static_cast<int>(count.size()); }
  std::uint64_t elements() const;
  friend bool operator==(const Box&, const Box&) = default;
};

// Common part; elements() is 0 if there is none.
Box Intersection(const Box& a, const Box& b);

struct Blocks {
  int along = 0;
  std::uint64_t rows = 1;

  friend bool operator==(const Blocks&, const Blocks&) = default;
};

// Blocks of at most `block_bytes` (at least one element) for a part of this shape.
Blocks CutIntoBlocks(const std::vector<std::uint64_t>& count, std::uint64_t element_bytes,
                     std::uint64_t block_bytes);

// True if they fit a part of this shape: a dimension that exists, at least one row and no more than there
// are.
bool BlocksFit(const std::vector<std::uint64_t>& count, const Blocks& blocks);

// The cut applied to a shape. All numbers count elements.
class BlockGrid {
 public:
  BlockGrid(std::vector<std::uint64_t> count, Blocks blocks);

  std::uint64_t size() const { return blocks_; }        // how many blocks
  std::uint64_t per_line() const { return per_line_; }  // neighbours along the dimension
  std::uint64_t full_elements() const {
    return full_elements_;
  }  // of a block that is not the last along its dimension
  std::uint64_t first_element(std::uint64_t block) const;  // where it begins in the part
  std::uint64_t elements(std::uint64_t block) const;
  Box box(std::uint64_t block) const;  // relative to the part
  // Shape of a block that is not the last along its dimension: HDF5's chunk.
  std::vector<std::uint64_t> shape() const;
  // The first block that holds an element at or after `element`, given in the part's order.
  std::uint64_t block_of(std::uint64_t element) const;

 private:
  std::vector<std::uint64_t> count_;
  Blocks cut_;
  std::uint64_t fast_elements_ = 1;  // product of the dimensions faster than `along`
  std::uint64_t per_line_ = 0;       // blocks along the dimension
  std::uint64_t blocks_ = 0;
  std::uint64_t full_elements_ = 0;
};

// Copies the elements of `common` from an array that is the box `from_box` to one that is `to_box`; all three
// in the same coordinates, `common` inside both.
void CopyBox(const Box& common, const Box& from_box, const void* from, const Box& to_box, void* to,
             std::uint64_t element_bytes);

}  // namespace bsub::ckpt
