#include "kernels/host/result_store.h"

#include <algorithm>

#include "common/hash.h"

namespace bsub::kernels {
namespace {

using checkpoint::Options;

constexpr double kSecondsBetweenSaves = 1;
constexpr int kDifferentialSaves = 8;  // the most that the library takes
constexpr std::size_t kIndicesBytes = Identity::kMostIndicesText + 1;

// The library's code as ours, with what to do where the user can do something.
Status ToStatus(const checkpoint::Status& status) {
  if (status) return OkStatus();
  switch (status.code()) {
    case BSUB_CHECKPOINT_FENCED:
      return Error{Code::kAborted, status.message()};
    case BSUB_CHECKPOINT_NO_DIRECTORY:
      return FailedPrecondition("no checkpoint directory; give --checkpoint-dir DIR: " + status.message());
    case BSUB_CHECKPOINT_MISMATCH:
      return FailedPrecondition("the store was written by another array or kernel: " + status.message());
    case BSUB_CHECKPOINT_DAMAGED:
      return DataLoss(status.message());
    default:
      return Unavailable(status.message());
  }
}

std::vector<std::uint8_t> Padded(const std::string& text) {
  std::vector<std::uint8_t> bytes(kIndicesBytes);
  std::copy(text.begin(), text.end(), bytes.begin());
  return bytes;
}

std::string Unpadded(const std::vector<std::uint8_t>& bytes) {
  return std::string(bytes.begin(), std::find(bytes.begin(), bytes.end(), 0));
}

}  // namespace

Result<ResultStore> ResultStore::Open(const std::string& directory, const Identity& identity,
                                      const TableShape& shape, Snapshot& snapshot) {
  if (identity.indices.size() > Identity::kMostIndicesText) {
    return InvalidArgument("array: its index list has " + std::to_string(identity.indices.size()) +
                           " characters; at most " + std::to_string(Identity::kMostIndicesText) +
                           " with --kernel");
  }
  ResultStore store;
  Options options;
  if (!directory.empty()) options.directory = directory.c_str();
  if (options.interval_seconds == 0) options.interval_seconds = kSecondsBetweenSaves;
  if (options.differential == 0) options.differential = kDifferentialSaves;
  BSUB_RETURN_IF_ERROR(ToStatus(store.store_.Open(options)));
  store.expected_indices_ = store.indices_ = Padded(identity.indices);
  store.expected_identity_ = FieldHasher().Add(identity.function).Add(identity.input).Value();
  store.identity_ = {store.expected_identity_};
  store.shape_ = {shape.children, shape.record_bytes};
  BSUB_RETURN_IF_ERROR(store.Declare(shape, snapshot));
  return store;
}

// The library keeps the addresses: vectors keep theirs when the store is moved.
Status ResultStore::Declare(const TableShape& shape, Snapshot& snapshot) {
  BSUB_RETURN_IF_ERROR(ToStatus(store_.Dataset("outcome", {shape.children}, snapshot.outcomes().data())));
  if (shape.record_bytes > 0) {
    BSUB_RETURN_IF_ERROR(
        ToStatus(store_.Dataset("output", {shape.children, shape.record_bytes}, snapshot.records().data())));
  }
  BSUB_RETURN_IF_ERROR(ToStatus(store_.Values("shape", shape_.size(), shape_.data())));
  BSUB_RETURN_IF_ERROR(ToStatus(store_.Values("identity", 1, identity_.data())));
  return ToStatus(store_.Values("indices", indices_.size(), indices_.data()));
}

Result<bool> ResultStore::Load() {
  std::uint64_t finished = 0;
  const checkpoint::Status loaded = store_.Load(finished);
  if (loaded.nothing_saved()) {
    indices_ = expected_indices_;
    return false;
  }
  BSUB_RETURN_IF_ERROR(ToStatus(loaded));
  if (indices_ != expected_indices_) {
    return FailedPrecondition("the store holds the results of an array " + Unpadded(indices_) + ", not of " +
                              Unpadded(expected_indices_) + "; give another --checkpoint-dir");
  }
  if (identity_.front() != expected_identity_) {
    return FailedPrecondition(
        "the store holds the results of another kernel or of another input; give another --checkpoint-dir");
  }
  return true;
}

Status ResultStore::Save(std::uint64_t finished) { return ToStatus(store_.Save(finished)); }
Status ResultStore::Stopped() { return ToStatus(store_.Stopped()); }
Status ResultStore::Close() { return ToStatus(store_.Close()); }

Result<StoredResults> ReadResults(const std::string& directory) {
  StoredResults results;
  Options options;
  options.directory = directory.c_str();
  options.read_only = 1;
  std::uint64_t finished = 0;
  std::vector<std::uint8_t> indices(kIndicesBytes);
  std::vector<std::uint64_t> shape(2);
  {
    checkpoint::Store store;  // how large it is, first
    BSUB_RETURN_IF_ERROR(ToStatus(store.Open(options)));
    BSUB_RETURN_IF_ERROR(ToStatus(store.Values("shape", shape.size(), shape.data())));
    BSUB_RETURN_IF_ERROR(ToStatus(store.Values("indices", indices.size(), indices.data())));
    const checkpoint::Status loaded = store.Load(finished);
    if (loaded.nothing_saved()) return NotFound(directory + " holds no results");
    BSUB_RETURN_IF_ERROR(ToStatus(loaded));
  }
  results.indices = Unpadded(indices);
  results.shape.children = shape[0];
  results.shape.record_bytes = shape[1];
  results.outcomes.resize(shape[0]);
  checkpoint::Store store;
  BSUB_RETURN_IF_ERROR(ToStatus(store.Open(options)));
  BSUB_RETURN_IF_ERROR(ToStatus(store.Dataset("outcome", {shape[0]}, results.outcomes.data())));
  BSUB_RETURN_IF_ERROR(ToStatus(store.Load(finished)));
  results.generation = store.Facts().generation;
  return results;
}

}  // namespace bsub::kernels
