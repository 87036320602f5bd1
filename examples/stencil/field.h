// One rank's cells of a quantity, with one layer of ghost cells around them that holds the neighbours' values
// or, at the boundary of the grid, the boundary value 0.
#pragma once

#include <cstddef>
#include <memory>

#include "examples/stencil/decomposition.h"

namespace stencil {

class Field {
 public:
  // All zero. The pages are touched first by the threads that will compute on them.
  explicit Field(const Int3& extent);

  const Int3& extent() const { return extent_; }  // without ghosts
  // From one cell to the next in y and in z, in numbers.
  std::ptrdiff_t row() const { return extent_[2] + 2; }
  std::ptrdiff_t plane() const { return (extent_[1] + 2) * row(); }

  // The value at a cell of the block; -1 and extent are ghosts.
  double* At(std::int64_t z, std::int64_t y, std::int64_t x) { return values_.get() + Index(z, y, x); }
  const double* At(std::int64_t z, std::int64_t y, std::int64_t x) const {
    return values_.get() + Index(z, y, x);
  }
  double* data() { return values_.get(); }  // ghosts included
  const double* data() const { return values_.get(); }

  // The cells without their ghosts, contiguous in the order z, y, x: extent[0] * extent[1] * extent[2]
  // numbers.
  void CopyTo(double* cells) const;
  void CopyFrom(const double* cells);

 private:
  std::ptrdiff_t Index(std::int64_t z, std::int64_t y, std::int64_t x) const {
    return (z + 1) * plane() + (y + 1) * row() + x + 1;
  }

  Int3 extent_;
  std::unique_ptr<double[]> values_;
};

}  // namespace stencil
