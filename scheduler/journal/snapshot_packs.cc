#include "scheduler/journal/snapshot_packs.h"

#include <optional>

#include "scheduler/journal/byte_order.h"
#include "scheduler/journal/snapshot_file.h"

namespace bsub::journal {

std::string EncodePacks(const std::vector<std::uint64_t>& packs) {
  std::string bytes;
  for (const std::uint64_t pack : packs) PutFixed(bytes, pack);
  return bytes;
}

Result<std::vector<std::uint64_t>> DecodePacks(std::string_view bytes) {
  if (bytes.size() % 8 != 0) return DataLoss("the list of packs has a wrong size");
  std::vector<std::uint64_t> packs;
  for (std::size_t at = 0; at < bytes.size(); at += 8) packs.push_back(GetFixed<std::uint64_t>(bytes, at));
  return packs;
}

Result<std::vector<std::uint64_t>> ReadSnapshotPacks(FileSystem& files, const std::string& directory,
                                                     const std::string& name) {
  std::optional<std::vector<std::uint64_t>> packs;
  const auto read =
      ReadSnapshot(files, directory, name, [&](ChunkKind kind, std::string_view bytes) -> Status {
        if (kind != ChunkKind::kPacks) return DataLoss("the first chunk is no list of packs");
        BSUB_ASSIGN_OR_RETURN(packs, DecodePacks(bytes));
        return Error{Code::kCancelled, "read far enough"};
      });
  if (packs) return *packs;
  return read ? DataLoss("no list of packs in " + name) : Error(read.error());
}

}  // namespace bsub::journal
