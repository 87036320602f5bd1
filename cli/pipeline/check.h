// Whether the steps of a pipeline fit together: distinct names, needs that exist, no cycle, index-wise needs
// between arrays of one size. Run before anything is submitted.
#pragma once

#include <cstddef>
#include <vector>

#include "cli/pipeline/model.h"

namespace bsub::cli {

struct CheckedOrder {
  std::vector<std::size_t> order;  // positions of steps: each after all it needs, otherwise as written
  std::vector<Problem> problems;   // if there are any, `order` is empty
};

CheckedOrder CheckPipeline(const Pipeline& pipeline);

}  // namespace bsub::cli
