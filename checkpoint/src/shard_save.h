// One rank's share of one save: what is to be written (Begin), writing it (WriteNow, or Stage with
// WriteStaged in other threads), and making it durable under its name (Finish).
//
// Full saves write each part as it is; differential ones only the blocks whose checksum has changed since the
// last committed save, unless that is more than half of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/src/file_system.h"
#include "checkpoint/src/manifest.h"
#include "checkpoint/src/master_file.h"
#include "checkpoint/src/number_type.h"
#include "checkpoint/src/shard_file.h"
#include "checkpoint/src/staging.h"
#include "checkpoint/src/window.h"

namespace bsub::ckpt {

// What the program declared: this rank's part of an array.
struct Part {
  std::string name;
  const NumberType* type = nullptr;
  std::vector<std::uint64_t> global;
  Box box;
  void* data = nullptr;

  std::uint64_t bytes() const { return box.elements() * type->bytes; }
};

struct SaveSettings {
  std::uint64_t block_bytes = std::uint64_t{1} << 20;
  int compression = 0;
  int threads = 4;
};

// Where in its shard's dataset a block is: in a whole part, or which of the changed blocks.
struct Place {
  std::uint64_t changed_blocks = 0;  // in that dataset; 0: whole
  std::uint64_t index = 0;           // among them
};

// What the last committed save left of a part, for the next differential one.
struct PartHistory {
  StoredPart stored;
  std::vector<Place> places;
};

struct History {
  int differential = 0;  // saves since the last full one
  std::vector<PartHistory> parts;
};

class ShardSave {
 public:
  struct Target {
    std::string directory;  // of the generation
    std::uint64_t generation = 0;
    std::uint64_t step = 0;
    std::int32_t rank = 0;
  };

  // Calls HDF5. `base`: null for a full save. The parts' memory is read in WriteNow or Stage (and here, if
  // differential).
  static Outcome<std::unique_ptr<ShardSave>> Begin(FileSystem& files, const Target& target,
                                                   const std::vector<Part>& parts,
                                                   const SaveSettings& settings, const History* base);
  ~ShardSave();
  ShardSave(const ShardSave&) = delete;
  ShardSave& operator=(const ShardSave&) = delete;

  // For the master file: where this rank's numbers are.
  std::vector<Mapping> Mappings() const;
  bool is_differential() const;

  // Writes everything from the program's memory. Returns when it is written, not yet durable.
  Done WriteNow();

  // Asynchronous: Stage copies everything into the pool's buffers, and waits for some of them to be written
  // if they are too few; WriteStaged, in another thread, waits until all are. Without a failure of Stage it
  // must be called.
  Done Stage(StagingPool& pool);
  Done WriteStaged();

  // Durable and under its name. What it returns goes into the manifest.
  Outcome<Shard> Finish();
  // For the next save, if this one is committed.
  History TakeHistory();

  // Bytes that a buffer of the pool needs for these parts.
  static std::uint64_t BufferBytes(const std::vector<Part>& parts, const SaveSettings& settings);

 private:
  // A part with something in it.
  struct Planned {
    Part part;
    BlockGrid grid;
    StoredPart stored;
    std::vector<Place> places;
    std::vector<std::uint64_t> changed;  // of a differential one
    bool differential = false;
    bool hashed = false;
    std::size_t dataset = 0;  // in the file; nothing if nothing has changed
  };

  ShardSave(FileSystem& files, Target target, const SaveSettings& settings);

  Planned Plan(const Part& part, const History* base) const;
  void Compare(const PartHistory& before, Planned& planned) const;
  void AddDataset(Planned& planned);
  Done MakeFile();
  void AddWindows(Planned& planned, std::uint64_t offset);
  std::vector<std::uint64_t> ChunkAt(const Planned& planned, std::uint64_t number) const;
  Done Process(const Window& window, const char* data);
  Done CopyWindows();
  Done Compress(const Window& window, const char* data);
  std::string path() const { return target_.directory + "/" + ShardName(target_.rank); }

  FileSystem& files_;
  Target target_;
  SaveSettings settings_;
  int differential_ = 0;  // saves since the last full one, if this is not one
  std::vector<Planned> planned_;
  ShardStructure structure_;
  std::vector<std::size_t> planned_of_;  // dataset → planned_
  std::vector<Window> windows_;
  std::unique_ptr<File> file_;
  std::optional<CompressedShard> compressed_;
  std::optional<MemoryFile> made_;  // HDF5's structure
  // Asynchronous.
  struct Staged;
  std::unique_ptr<Staged> staged_;
};

}  // namespace bsub::ckpt
