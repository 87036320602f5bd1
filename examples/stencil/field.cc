#include "examples/stencil/field.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>

namespace stencil {

Field::Field(const Int3& extent) : extent_(extent) {
  const std::int64_t planes = extent[0] + 2;
  values_.reset(new double[static_cast<std::size_t>(planes * plane())]);  // not yet touched
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, planes), [&](const auto& range) {
    std::fill(values_.get() + range.begin() * plane(), values_.get() + range.end() * plane(), 0.0);
  });
}

void Field::CopyTo(double* cells) const {
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, extent_[0]), [&](const auto& range) {
    for (std::int64_t z = range.begin(); z < range.end(); ++z) {
      for (std::int64_t y = 0; y < extent_[1]; ++y)
        std::copy_n(At(z, y, 0), extent_[2], cells + (z * extent_[1] + y) * extent_[2]);
    }
  });
}

void Field::CopyFrom(const double* cells) {
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, extent_[0]), [&](const auto& range) {
    for (std::int64_t z = range.begin(); z < range.end(); ++z) {
      for (std::int64_t y = 0; y < extent_[1]; ++y)
        std::copy_n(cells + (z * extent_[1] + y) * extent_[2], extent_[2], At(z, y, 0));
    }
  });
}

}  // namespace stencil
