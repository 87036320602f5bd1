// How a grid of cells is divided among ranks: blocks in three dimensions, chosen so that the faces between
// them, which are what ranks must exchange at each step, are as small as can be.
//
// All triples are in the order z, y, x; x is contiguous in memory and rank numbers count x fastest.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace stencil {

using Int3 = std::array<std::int64_t, 3>;

struct Block {
  Int3 offset{};  // of its first cell in the grid
  Int3 extent{};  // in cells, at least 1 in each dimension
  friend bool operator==(const Block&, const Block&) = default;
};

enum class Side { kLow, kHigh };

// Blocks along each dimension; their product is `ranks`. Nothing if every choice would leave a rank without
// cells.
std::optional<Int3> ProcessGrid(std::int64_t ranks, const Int3& cells);

// Where `rank` sits among the blocks, and its cells. Blocks of one dimension differ by at most one cell.
Int3 CoordinatesOf(std::int64_t rank, const Int3& process_grid);
Block BlockOf(std::int64_t rank, const Int3& process_grid, const Int3& cells);

// The rank beside `rank` along a dimension; nothing at the boundary of the grid.
std::optional<std::int64_t> NeighbourOf(std::int64_t rank, const Int3& process_grid, int dimension,
                                        Side side);

// A box of cells of a block, counted from the block's first cell: low included, high not.
struct Box {
  Int3 low{};
  Int3 high{};
  std::int64_t cells() const;
  friend bool operator==(const Box&, const Box&) = default;
};

// A block's cells divided by what they need: `inner` can be computed while the neighbours' faces are on their
// way, `shell` (up to six slabs) only when they are there. Together they hold each cell once. A side without
// a neighbour belongs to `inner`.
struct Division {
  Box inner;
  std::vector<Box> shell;
};
Division DivideForExchange(const Int3& extent, const std::array<std::array<bool, 2>, 3>& has_neighbour);

}  // namespace stencil
