// What every use of HDF5 here needs: its lock, handles that close themselves, errors as a Failure.
//
// Debian's HDF5 keeps its state in the process and is not made for threads, so the lock is the process's too:
// everything here and in the files that include this runs under Hdf5Session. No handle outlives a session but
// those of CompressedShard, which are closed before the process's end or left alone.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/src/result.h"

namespace bsub::ckpt {

std::recursive_mutex& Hdf5Mutex();

// Holds the lock and keeps HDF5 from printing its errors; the program's settings come back at the end.
class Hdf5Session {
 public:
  Hdf5Session();
  ~Hdf5Session();
  Hdf5Session(const Hdf5Session&) = delete;
  Hdf5Session& operator=(const Hdf5Session&) = delete;

  // False: the process is ending and HDF5 may be closed already; it must not be called any more.
  bool usable() const { return usable_; }

 private:
  std::unique_lock<std::recursive_mutex> lock_;
  bool usable_;
  H5E_auto2_t print_ = nullptr;
  void* print_data_ = nullptr;
};

// An HDF5 identifier with one owner.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle() = default;
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  bool valid() const { return id_ >= 0; }
  hid_t get() const { return id_; }
  // Closing a file writes: false if that failed.
  bool CloseNow() { return id_ >= 0 && close_(std::exchange(id_, -1)) >= 0; }
  void Forget() { id_ = -1; }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

// "what: HDF5's own words" in one line. An errno that HDF5 mentions makes it BSUB_CHECKPOINT_IO.
Failure Hdf5Failure(const std::string& what);

// HDF5's native type of that name (number_type.h). Not owned.
hid_t NativeType(std::string_view type);
// Sets NaN, the smallest of a signed or the largest of an unsigned type, for what was never saved.
bool SetFill(hid_t creation_properties, std::string_view type);

// Access properties for a file in memory (memory_file.h). HDF5's usual driver resolves the links of a path,
// and these lead to no name; the one on top of stdio opens what it is given.
Handle MemoryAccess();

std::vector<hsize_t> Extents(const std::vector<std::uint64_t>& numbers);
Handle SimpleSpace(const std::vector<std::uint64_t>& shape);

// Attributes of an object.
bool WriteNumbers(hid_t object, const std::string& name, std::string_view type,
                  const std::vector<std::uint64_t>& shape, const void* data);
bool WriteText(hid_t object, const std::string& name, const std::string& text);

}  // namespace bsub::ckpt
