#include "examples/render/progressive.h"

#include <tbb/blocked_range2d.h>
#include <tbb/parallel_for.h>

#include "examples/render/tile.h"

namespace render {
namespace {

constexpr std::uint32_t kPixelsOfATask = 64;  // along a row: some tens of microseconds

}  // namespace

Progressive::Progressive(const Film& film, std::uint32_t first_row, std::uint32_t last_row)
    : film_(film),
      first_row_(first_row),
      last_row_(last_row),
      scene_(MakeScene(film.seed, film.frame, film.frames)),
      sums_(std::size_t{3} * film.width * (last_row - first_row)) {}

void Progressive::Restore(std::uint32_t passes, const std::vector<double>& sums) {
  passes_ = passes;
  sums_ = sums;
}

void Progressive::AddPass() {
  const tbb::blocked_range2d<std::uint32_t> pixels(first_row_, last_row_, 1, 0, film_.width, kPixelsOfATask);
  tbb::parallel_for(pixels, [this](const auto& range) {
    for (std::uint32_t y = range.rows().begin(); y < range.rows().end(); ++y) {
      double* sum = &sums_[std::size_t{3} * ((y - first_row_) * film_.width + range.cols().begin())];
      for (std::uint32_t x = range.cols().begin(); x < range.cols().end(); ++x) {
        const Vec light = SampleOf(scene_, film_, x, y, passes_);
        *sum++ += light.x;
        *sum++ += light.y;
        *sum++ += light.z;
      }
    }
  });
  ++passes_;
}

}  // namespace render
