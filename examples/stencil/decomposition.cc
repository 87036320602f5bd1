#include "examples/stencil/decomposition.h"

#include <algorithm>
#include <limits>

namespace stencil {
namespace {

// Cells on all faces between blocks: what is sent in one step, in one direction.
std::int64_t ExchangedCells(const Int3& blocks, const Int3& cells) {
  return (blocks[0] - 1) * cells[1] * cells[2] + (blocks[1] - 1) * cells[0] * cells[2] +
         (blocks[2] - 1) * cells[0] * cells[1];
}

// Part `index` of `parts` of `cells`: the first (cells % parts) parts have one more.
void SplitEvenly(std::int64_t index, std::int64_t parts, std::int64_t cells, std::int64_t& offset,
                 std::int64_t& extent) {
  const std::int64_t each = cells / parts, more = cells % parts;
  offset = index * each + std::min(index, more);
  extent = each + (index < more ? 1 : 0);
}

}  // namespace

std::optional<Int3> ProcessGrid(std::int64_t ranks, const Int3& cells) {
  std::optional<Int3> best;
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t z = 1; z <= std::min(ranks, cells[0]); ++z) {
    if (ranks % z != 0) continue;
    for (std::int64_t y = 1; y <= std::min(ranks / z, cells[1]); ++y) {
      if ((ranks / z) % y != 0) continue;
      const Int3 blocks{z, y, ranks / z / y};
      if (blocks[2] > cells[2]) continue;
      // Of equals the last is taken: cut along z rather than x, where a face is contiguous in memory.
      if (const std::int64_t exchanged = ExchangedCells(blocks, cells); exchanged <= fewest) {
        fewest = exchanged;
        best = blocks;
      }
    }
  }
  return best;
}

Int3 CoordinatesOf(std::int64_t rank, const Int3& process_grid) {
  return {rank / (process_grid[1] * process_grid[2]), rank / process_grid[2] % process_grid[1],
          rank % process_grid[2]};
}

Block BlockOf(std::int64_t rank, const Int3& process_grid, const Int3& cells) {
  const Int3 at = CoordinatesOf(rank, process_grid);
  Block block;
  for (std::size_t d = 0; d < 3; ++d)
    SplitEvenly(at[d], process_grid[d], cells[d], block.offset[d], block.extent[d]);
  return block;
}

std::optional<std::int64_t> NeighbourOf(std::int64_t rank, const Int3& process_grid, int dimension,
                                        Side side) {
  const auto d = static_cast<std::size_t>(dimension);
  Int3 at = CoordinatesOf(rank, process_grid);
  at[d] += side == Side::kLow ? -1 : 1;
  if (at[d] < 0 || at[d] >= process_grid[d]) return std::nullopt;
  return (at[0] * process_grid[1] + at[1]) * process_grid[2] + at[2];
}

std::int64_t Box::cells() const {
  std::int64_t product = 1;
  for (std::size_t d = 0; d < 3; ++d) product *= std::max<std::int64_t>(0, high[d] - low[d]);
  return product;
}

Division DivideForExchange(const Int3& extent, const std::array<std::array<bool, 2>, 3>& has_neighbour) {
  Division division{{{0, 0, 0}, extent}, {}};
  // What is left is peeled side by side, so that an edge belongs to the first slab that holds it.
  Box& rest = division.inner;
  for (std::size_t d = 0; d < 3; ++d) {
    if (has_neighbour[d][0] && rest.low[d] < rest.high[d]) {
      Box slab = rest;
      slab.high[d] = ++rest.low[d];
      division.shell.push_back(slab);
    }
    if (has_neighbour[d][1] && rest.low[d] < rest.high[d]) {
      Box slab = rest;
      slab.low[d] = --rest.high[d];
      division.shell.push_back(slab);
    }
  }
  return division;
}

}  // namespace stencil
