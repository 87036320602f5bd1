// A pack: an immutable file of payloads that snapshots need, with an index at its end.
//
// Payloads are born as records in a segment. When segments are about to go, those that the snapshot still
// names move into a pack. Specified in docs/formats/journal.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/hash.h"
#include "common/result.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/segment_format.h"

namespace bsub::journal {

inline constexpr std::uint32_t kPackFormatVersion = 1;
inline constexpr std::size_t kPackHeaderBytes = 64;

struct PackedPayload {
  PayloadHash hash;
  std::uint64_t offset = 0;  // of its bytes in the file, behind a record header with their length
};

class PackWriter {
 public:
  static Result<std::unique_ptr<PackWriter>> Create(FileSystem& files, const std::string& directory,
                                                    const ClusterUuid& cluster, std::uint64_t sequence);
  Status Add(const PayloadHash& hash, std::string_view bytes);
  // Index, trailer, sync, rename, directory sync.
  Status Commit();

 private:
  PackWriter(FileSystem& files, std::string directory, std::string name)
      : files_(files), directory_(std::move(directory)), name_(std::move(name)) {}
  Status Flush();

  FileSystem& files_;
  const std::string directory_;
  const std::string name_;
  std::unique_ptr<File> file_;
  std::uint64_t header_hash_ = 0;
  std::uint64_t flushed_ = 0;  // bytes in the file
  std::uint64_t synced_ = 0;   // of these
  std::string buffer_;         // behind them
  std::vector<PackedPayload> index_;
};

struct PackIndex {
  std::vector<PackedPayload> payloads;
  std::uint64_t payload_bytes = 0;  // what the payloads and their headers take
};

// Checks header, trailer and index; each payload is checked by its own hash when it is read.
Result<PackIndex> ReadPackIndex(FileSystem& files, const std::string& directory, std::uint64_t sequence,
                                const ClusterUuid& cluster);

}  // namespace bsub::journal
