// The pictures of a report.
#pragma once

#include <string>
#include <vector>

#include "bench/placement/report.h"

namespace bsub::placement {

struct Picture {
  std::string name;  // of the file: "pairs-latency.svg"
  std::string svg;
};

// pairs-latency, pairs-bandwidth: for each policy, the pairs of nodes of the middle draw.
// curves: latency and bandwidth of the farthest pair by size. beside-cluster: each figure as a multiple; both
// of the draws in which a policy was kept.
std::vector<Picture> DrawPictures(const Report& report);

// One each, for DrawPictures.
std::string DrawPairs(const Report& report, bool bandwidth);
std::string DrawCurves(const Report& report);
std::string DrawBeside(const Report& report);

// "8 nodes of efa-cluster, modelled, 25% of all nodes busy"
std::string PictureCaption(const Report& report);

// The draw in which the last policy's alltoall is, beside the first's, what it is in half of the draws at
// most.
std::size_t MiddleDraw(const Report& report);

// Distinct for those who see no red or no green (Okabe and Ito's colours); the same policy has the same one
// in every picture.
std::string PolicyColour(std::size_t position);

}  // namespace bsub::placement
