// Memory between the program's arrays and the disk: a fixed number of buffers that O_DIRECT takes. Who asks
// for one waits until one is free, which is what bounds the memory of an asynchronous save.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include "checkpoint/src/result.h"

namespace bsub::ckpt {

// Anonymous memory that begins at a multiple of the page size.
class Pages {
 public:
  Pages() = default;
  explicit Pages(std::uint64_t bytes);  // throws std::bad_alloc
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&& other) noexcept;
  ~Pages();
  char* data() const { return data_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  char* data_ = nullptr;
  std::uint64_t bytes_ = 0;
};

class StagingPool {
 public:
  // At least one buffer; throws std::bad_alloc. Memory is taken from the system when it is first written.
  StagingPool(std::uint64_t buffer_bytes, std::uint64_t count);

  std::uint64_t buffer_bytes() const { return buffer_bytes_; }
  std::uint64_t count() const { return count_; }
  char* Acquire();
  void Release(char* buffer);

 private:
  std::uint64_t buffer_bytes_;
  std::uint64_t count_;
  Pages pages_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<char*> free_;  // last freed first: its pages are in the caches
};

}  // namespace bsub::ckpt
