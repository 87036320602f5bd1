#include "checkpoint/src/blocks.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bsub::ckpt {
namespace {

// Of an element with these coordinates relative to a box of this shape.
std::uint64_t IndexIn(const std::vector<std::uint64_t>& at, const Box& box) {
  std::uint64_t index = 0;
  for (std::size_t d = 0; d < at.size(); ++d) index = index * box.count[d] + (at[d] - box.offset[d]);
  return index;
}

// The next line of the box in row-major order; false after the last.
bool NextLine(std::vector<std::uint64_t>& at, const Box& box) {
  for (std::size_t d = at.size() - 1; d-- > 0;) {
    if (++at[d] < box.offset[d] + box.count[d]) return true;
    at[d] = box.offset[d];
  }
  return false;
}

}  // namespace

std::uint64_t Box::elements() const {
  std::uint64_t product = 1;
  for (const std::uint64_t n : count) product *= n;
  return product;
}

Box Intersection(const Box& a, const Box& b) {
  Box common = a;
  for (std::size_t d = 0; d < a.count.size(); ++d) {
    const std::uint64_t begin = std::max(a.offset[d], b.offset[d]);
    const std::uint64_t end = std::min(a.offset[d] + a.count[d], b.offset[d] + b.count[d]);
    common.offset[d] = begin;
    common.count[d] = end > begin ? end - begin : 0;
  }
  return common;
}

Blocks CutIntoBlocks(const std::vector<std::uint64_t>& count, std::uint64_t element_bytes,
                     std::uint64_t block_bytes) {
  const std::uint64_t most = std::max<std::uint64_t>(1, block_bytes / element_bytes);
  std::uint64_t fast = 1;
  for (int d = static_cast<int>(count.size()) - 1; d >= 0; --d) {
    const std::uint64_t n = std::max<std::uint64_t>(1, count[static_cast<std::size_t>(d)]);
    if (d > 0 && fast * n <= most) {
      fast *= n;
      continue;
    }
    // As many blocks as it takes, all of nearly the same size.
    const std::uint64_t lines = std::max<std::uint64_t>(1, most / fast);
    const std::uint64_t pieces = (n + lines - 1) / lines;
    return {d, (n + pieces - 1) / pieces};
  }
  return {};
}

bool BlocksFit(const std::vector<std::uint64_t>& count, const Blocks& blocks) {
  if (blocks.along < 0 || blocks.along >= static_cast<int>(count.size())) return false;
  return blocks.rows >= 1 && blocks.rows <= count[static_cast<std::size_t>(blocks.along)];
}

BlockGrid::BlockGrid(std::vector<std::uint64_t> count, Blocks blocks)
    : count_(std::move(count)), cut_(blocks) {
  const auto along = static_cast<std::size_t>(cut_.along);
  std::uint64_t slow = 1;
  for (std::size_t d = 0; d < along; ++d) slow *= count_[d];
  for (std::size_t d = along + 1; d < count_.size(); ++d) fast_elements_ *= count_[d];
  per_line_ = (count_[along] + cut_.rows - 1) / cut_.rows;
  blocks_ = fast_elements_ == 0 ? 0 : slow * per_line_;
  full_elements_ = cut_.rows * fast_elements_;
}

std::uint64_t BlockGrid::first_element(std::uint64_t block) const {
  const std::uint64_t line = count_[static_cast<std::size_t>(cut_.along)] * fast_elements_;
  return block / per_line_ * line + block % per_line_ * full_elements_;
}

std::uint64_t BlockGrid::elements(std::uint64_t block) const {
  const std::uint64_t first_row = block % per_line_ * cut_.rows;
  return std::min(cut_.rows, count_[static_cast<std::size_t>(cut_.along)] - first_row) * fast_elements_;
}

Box BlockGrid::box(std::uint64_t block) const {
  Box box{std::vector<std::uint64_t>(count_.size(), 0), count_};
  const auto along = static_cast<std::size_t>(cut_.along);
  box.offset[along] = block % per_line_ * cut_.rows;
  box.count[along] = std::min(cut_.rows, count_[along] - box.offset[along]);
  std::uint64_t line = block / per_line_;
  for (std::size_t d = along; d-- > 0;) {
    box.offset[d] = line % count_[d];
    box.count[d] = 1;
    line /= count_[d];
  }
  return box;
}

std::vector<std::uint64_t> BlockGrid::shape() const {
  std::vector<std::uint64_t> shape = count_;
  const auto along = static_cast<std::size_t>(cut_.along);
  for (std::size_t d = 0; d < along; ++d) shape[d] = 1;
  shape[along] = cut_.rows;
  return shape;
}

std::uint64_t BlockGrid::block_of(std::uint64_t element) const {
  const std::uint64_t line = count_[static_cast<std::size_t>(cut_.along)] * fast_elements_;
  return element / line * per_line_ + element % line / full_elements_;
}

void CopyBox(const Box& common, const Box& from_box, const void* from, const Box& to_box, void* to,
             std::uint64_t element_bytes) {
  if (common.elements() == 0) return;
  const std::uint64_t line_bytes = common.count.back() * element_bytes;
  std::vector<std::uint64_t> at = common.offset;
  do {
    std::memcpy(static_cast<char*>(to) + IndexIn(at, to_box) * element_bytes,
                static_cast<const char*>(from) + IndexIn(at, from_box) * element_bytes, line_bytes);
  } while (NextLine(at, common));
}

}  // namespace bsub::ckpt
