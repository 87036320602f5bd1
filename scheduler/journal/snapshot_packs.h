// The list of packs that a snapshot needs: its first chunk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/journal/file_system.h"

namespace bsub::journal {

std::string EncodePacks(const std::vector<std::uint64_t>& packs);
Result<std::vector<std::uint64_t>> DecodePacks(std::string_view bytes);

// Reads no further than the list.
Result<std::vector<std::uint64_t>> ReadSnapshotPacks(FileSystem& files, const std::string& directory,
                                                     const std::string& name);

}  // namespace bsub::journal
