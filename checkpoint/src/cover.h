// Whether the ranks' parts of the arrays cover each of them, every element once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/src/blocks.h"
#include "checkpoint/src/result.h"
#include "checkpoint/src/shard_save.h"

namespace bsub::ckpt {

// The boxes of a rank's parts, in the order of their declaration, as they go to rank 0.
std::string EncodeBoxes(const std::vector<Part>& parts);
// `parts`: for the number of boxes and their dimensions, which are alike on all ranks.
Outcome<std::vector<Box>> DecodeBoxes(std::string_view text, const std::vector<Part>& parts);

// `boxes[rank][i]` is that rank's part of the array of `arrays[i]`. INVALID names array, ranks and boxes.
Done CoverOnce(const std::vector<Part>& arrays, const std::vector<std::vector<Box>>& boxes);

// The first two boxes that have an element in common, by their places; {0, 0}: none have.
std::pair<std::size_t, std::size_t> FirstOverlap(const std::vector<Box>& boxes);

// "[0,0,0]+8x6x10": where it begins, and its shape.
std::string Words(const Box& box);

}  // namespace bsub::ckpt
