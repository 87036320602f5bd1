// Finds and reads payloads: scripts, argument lists and environments, addressed by the SHA-256 of their
// bytes.
//
// Writing them is the journal's business: a payload is a record in the same batch as the first entry of its
// segment that names it, so one sync makes both durable. Within a segment a payload is stored once (Holds).
// Across segments it may repeat; that is what makes collection simple, see docs/formats/journal.md.
//
// Thread-safe: the journal's thread adds, others read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "common/hash.h"
#include "common/result.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/journal_directory.h"
#include "scheduler/journal/payload_index.h"
#include "scheduler/journal/segment_format.h"

namespace bsub::journal {

class PayloadStore {
 public:
  PayloadStore(FileSystem& files, std::string directory, const ClusterUuid& cluster);

  // In any order: of several records the last in the journal counts, which stays longest.
  void AddRecord(const PayloadHash& hash, std::uint64_t segment, std::uint64_t offset);
  Status AddPack(std::uint64_t pack);
  // Is there a record of it in this segment?
  bool Holds(const PayloadHash& hash, std::uint64_t segment) const;

  // The bytes, checked against the hash. NotFound if it was never stored or was collected; DataLoss, naming
  // file and offset, if what is there is not it.
  Result<std::string> Get(const PayloadHash& hash) const;

  // Puts the payloads of `live` that are not in a pack worth keeping into a new pack, numbered `sequence`.
  // Returns all packs that hold them now, ascending. A pack is worth keeping while at least half of its bytes
  // are live.
  Result<std::vector<std::uint64_t>> Pack(std::span<const PayloadHash> live, std::uint64_t sequence);

  // After a snapshot of `sequence` that names `packs`: finds in them what they hold, and forgets what only
  // older segments or other packs hold, so that those files can go. The store answers meanwhile: nothing is
  // built twice, and no other waits for more than a slice of it. An error leaves it with all it knew.
  Status Adopt(std::span<const std::uint64_t> packs, std::uint64_t sequence);

  std::size_t size() const;

 private:
  struct Source {
    FileKind kind = FileKind::kSegment;
    std::uint64_t sequence = 0;
    std::shared_ptr<const File> file;  // opened at first use
  };
  struct Contents {
    PayloadIndex index;
    std::vector<Source> sources;                                          // PayloadPlace::file
    std::map<std::pair<FileKind, std::uint64_t>, std::uint32_t> numbers;  // into sources
    std::vector<std::uint32_t> unused;                                    // of sources, to be given again
  };

  // These three under mutex_.
  std::uint32_t SourceNumber(FileKind kind, std::uint64_t sequence);
  std::vector<bool> SourcesThatGo(std::span<const std::uint64_t> packs, std::uint64_t sequence) const;
  void RemoveSources(const std::vector<bool>& go);

  // Whoever's places are in segments after `sequence` keeps them.
  Status TakePack(std::uint64_t pack, std::uint64_t sequence);
  void ForgetOthers(std::span<const std::uint64_t> packs, std::uint64_t sequence);
  std::vector<std::uint64_t> Packs() const;
  Result<std::vector<std::uint64_t>> KeepPacks(std::span<const PayloadHash> live,
                                               std::vector<bool>& covered) const;
  Status WritePack(std::span<const PayloadHash> live, const std::vector<bool>& covered,
                   std::uint64_t sequence);

  FileSystem& files_;
  const std::string directory_;
  const ClusterUuid cluster_;
  mutable std::mutex mutex_;
  mutable Contents contents_;  // guarded by mutex_
};

}  // namespace bsub::journal
