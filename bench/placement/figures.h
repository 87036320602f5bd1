// The figures by which placements are compared: one number each of a run of netbench.
#pragma once

#include <string_view>
#include <vector>

#include "bench/placement/netbench_lines.h"

namespace bsub::placement {

struct Figure {
  std::string_view key;    // in report.json
  std::string_view title;  // of the column
  std::string_view unit;
  bool more_is_better = false;
  double (*of)(const Measurements& measured) = nullptr;
};

const std::vector<Figure>& Figures();

}  // namespace bsub::placement
