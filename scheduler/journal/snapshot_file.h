// A snapshot file: the whole durable state after one sequence number, as a stream of opaque chunks.
//
// It is written under a temporary name, synced and renamed, so a snapshot that has its name was complete
// once. Every chunk's hash is chained over the one before, and an end mark counts them. Specified in
// docs/formats/journal.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/segment_format.h"

namespace bsub::journal {

inline constexpr std::uint32_t kSnapshotFormatVersion = 1;
inline constexpr std::size_t kSnapshotHeaderBytes = 64;
inline constexpr std::size_t kMaxChunkBytes = std::size_t{512} << 20;

struct SnapshotHeader {
  ClusterUuid cluster;
  std::uint64_t sequence = 0;    // the last entry it covers
  std::uint64_t batch_hash = 0;  // of the batch that ends with that entry: ties the snapshot to its journal
  std::uint64_t state_hash = 0;  // of the state in it
  friend bool operator==(const SnapshotHeader&, const SnapshotHeader&) = default;
};

enum class ChunkKind : std::uint32_t {
  kEnd = 0,    // the count of chunks before it
  kPacks = 1,  // the payload packs this snapshot needs, 8 bytes each
  kState = 2,  // opaque here
};

class SnapshotWriter {
 public:
  static Result<std::unique_ptr<SnapshotWriter>> Create(FileSystem& files, const std::string& directory,
                                                        const SnapshotHeader& header);
  Status AddChunk(ChunkKind kind, std::string_view bytes);
  // The end mark, sync, rename, directory sync: the snapshot exists once this returned success.
  Status Commit();

 private:
  SnapshotWriter(FileSystem& files, std::string directory, std::string name)
      : files_(files), directory_(std::move(directory)), name_(std::move(name)) {}

  FileSystem& files_;
  const std::string directory_;
  const std::string name_;
  std::unique_ptr<File> file_;
  std::uint64_t offset_ = 0;
  std::uint64_t synced_ = 0;  // up to this offset
  std::uint64_t hash_ = 0;
  std::uint64_t chunks_ = 0;
};

// Called for each chunk but the end mark; `bytes` are valid during the call.
using ChunkVisitor = std::function<Status(ChunkKind kind, std::string_view bytes)>;

// Reads and checks the whole file. On an error the visitor may have seen a part: throw away what it built.
Result<SnapshotHeader> ReadSnapshot(FileSystem& files, const std::string& directory, const std::string& name,
                                    const ChunkVisitor& visit);

// The header alone, e.g. for a listing. Proves nothing about the rest.
Result<SnapshotHeader> ReadSnapshotHeader(FileSystem& files, const std::string& directory,
                                          const std::string& name);

}  // namespace bsub::journal
