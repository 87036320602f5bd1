// One generation into the program's memory, whatever the ranks and parts were when it was saved.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/src/declarations.h"
#include "checkpoint/src/file_system.h"
#include "checkpoint/src/manifest.h"

namespace bsub::ckpt {

struct LoadingRank {
  std::int32_t rank = 0;
  std::int32_t ranks = 1;
  int threads = 4;
};

// Fills this rank's parts and the values. Verifies every block it reads and its share of the rest, so that
// all ranks together verify what they use. DAMAGED: the generation is bad. MISMATCH: the program is another
// one.
Done LoadGeneration(FileSystem& files, const std::string& directory, const Manifest& manifest,
                    const Declarations& declarations, const LoadingRank& me);

}  // namespace bsub::ckpt
