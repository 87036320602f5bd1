#include "checkpoint/src/staging.h"

#include <sys/mman.h>

#include <new>
#include <utility>

namespace bsub::ckpt {

Pages::Pages(std::uint64_t bytes) : bytes_(bytes) {
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  ::madvise(mapped, bytes, MADV_HUGEPAGE);
  data_ = static_cast<char*>(mapped);
}

Pages::Pages(Pages&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Pages& Pages::operator=(Pages&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Pages::~Pages() {
  if (data_ != nullptr) ::munmap(data_, bytes_);
}

StagingPool::StagingPool(std::uint64_t buffer_bytes, std::uint64_t count)
    : buffer_bytes_(buffer_bytes), count_(count), pages_(buffer_bytes * count) {
  free_.reserve(count);
  for (std::uint64_t i = count; i-- > 0;) free_.push_back(pages_.data() + i * buffer_bytes);
}

char* StagingPool::Acquire() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return !free_.empty(); });
  char* buffer = free_.back();
  free_.pop_back();
  return buffer;
}

void StagingPool::Release(char* buffer) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(buffer);
  }
  freed_.notify_one();
}

}  // namespace bsub::ckpt
