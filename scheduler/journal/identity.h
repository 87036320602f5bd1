// Which cluster a journal directory belongs to: a small text file, and the two spellings of a cluster's UUID.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/segment_format.h"

namespace bsub::journal {

// RFC 4122 text, 36 characters in lower case.
std::string FormatUuid(const ClusterUuid& uuid);
Result<ClusterUuid> ParseUuid(std::string_view text);
// Version 4: random.
ClusterUuid RandomUuid();

// Nothing if the directory has no identity yet: its first start never came to an end.
Result<std::optional<ClusterUuid>> ReadIdentity(FileSystem& files, const std::string& directory);
Status WriteIdentity(FileSystem& files, const std::string& directory, const ClusterUuid& uuid);

}  // namespace bsub::journal
