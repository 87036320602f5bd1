// Which boxes of a global array are where in the shards' datasets, for the master file.
#pragma once

#include <vector>

#include "checkpoint/src/master_file.h"
#include "checkpoint/src/shard_save.h"

namespace bsub::ckpt {

// Those of one part. Neighbouring blocks that are neighbours in the same shard make one mapping.
void AppendMappings(const Part& part, const StoredPart& stored, const std::vector<Place>& places,
                    std::int32_t rank, std::vector<Mapping>& mappings);

}  // namespace bsub::ckpt
