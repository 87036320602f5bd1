// The heat equation du/dt = alpha * laplace(u) on the unit cube with u = 0 on its boundary: seven-point
// differences in space, explicit Euler in time.
//
// A cell's next value is one fixed expression of its neighbours' values, so the result does not depend, to
// the last bit, on how the grid is divided among ranks and threads. The initial state is a sum of two
// eigenvectors of the discrete operator, so the exact value of each cell after any number of steps is known
// (R. LeVeque, Finite Difference Methods for Ordinary and Partial Differential Equations, SIAM 2007,
// chapters 2.10 and 9), and so is the error made by rounding.
#pragma once

#include <cstdint>

#include "examples/stencil/field.h"

namespace stencil {

// alpha * dt / h^2. Explicit Euler is stable up to 1/6; a power of two multiplies without rounding.
inline constexpr double kDiffusion = 0.125;

// Next values of the cells in `box`, from `now`, whose ghosts next to the box must be up to date. TBB, all
// its threads.
void Advance(const Field& now, const Box& box, Field& next);

// The exact solution of the discrete equations after `steps` steps, for cell (z, y, x) of a grid of `cells`.
double ExactValue(const Int3& cells, std::int64_t steps, std::int64_t z, std::int64_t y, std::int64_t x);

// Sets the block's cells to the exact solution after 0 steps.
void SetInitialState(const Int3& cells, const Block& block, Field& field);

struct Measure {
  // Sum modulo 2^64 of one hash per cell over its place in the grid and the bits of its value. As a sum it
  // does not depend on the decomposition: ranks add theirs up.
  std::uint64_t fingerprint = 0;
  double largest_error = 0;  // |value - exact|
  double heat = 0;  // sum of the values; its rounding depends on the decomposition, so it is for people
};
Measure MeasureBlock(const Int3& cells, const Block& block, const Field& field, std::int64_t steps);

}  // namespace stencil
