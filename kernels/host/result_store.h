// The array's results in a checkpoint store (docs/kernels.md says what is in it).
#pragma once

#include <bsub/checkpoint.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "kernels/host/snapshot.h"

namespace bsub::kernels {

// What must be the same for a saved state to be this array's.
struct Identity {
  std::string indices;   // as ArraySpec::ToString, at most kMostIndicesText bytes
  std::string function;  // of the kernel
  std::string input;
  static constexpr std::size_t kMostIndicesText = 4095;
};

class ResultStore {
 public:
  // `snapshot` must outlive the store and not move. `directory` empty: BSUB_CHECKPOINT_DIR. Without a word on
  // the interval in the environment there is a save each second.
  static Result<ResultStore> Open(const std::string& directory, const Identity& identity,
                                  const TableShape& shape, Snapshot& snapshot);

  // Fills the snapshot; false: nothing was saved. FailedPrecondition if what was saved is another array's.
  Result<bool> Load();

  bool ShouldSave() { return store_.ShouldCheckpoint(); }
  bool ShouldStop() { return store_.ShouldStop(); }
  double remaining_seconds() const { return bsub_checkpoint_remaining_seconds(store_.get()); }
  // Aborted: a newer attempt of the job owns the store, and this one must end.
  Status Save(std::uint64_t finished);
  Status Stopped();
  Status Close();
  std::uint64_t generation() { return store_.Facts().generation; }

 private:
  ResultStore() = default;
  Status Declare(const TableShape& shape, Snapshot& snapshot);

  bsub::checkpoint::Store store_;
  std::vector<std::uint8_t> expected_indices_, indices_;  // zero-padded
  std::vector<std::uint64_t> shape_;                      // children, record_bytes
  std::vector<std::uint64_t> identity_;                   // one number: a hash of function and input
  std::uint64_t expected_identity_ = 0;
};

// What a store holds, for people: read without owning it.
struct StoredResults {
  std::string indices;
  TableShape shape;
  std::vector<std::uint16_t> outcomes;
  std::uint64_t generation = 0;
};
Result<StoredResults> ReadResults(const std::string& directory);

}  // namespace bsub::kernels
