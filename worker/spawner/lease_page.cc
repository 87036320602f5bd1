#include "worker/spawner/lease_page.h"

#include <sys/mman.h>

#include <new>
#include <utility>

#include "worker/spawner/files.h"

namespace bsub::spawner {

static_assert(std::atomic<std::int64_t>::is_always_lock_free, "shared between processes");

Result<LeasePage> LeasePage::Create() {
  void* const page = mmap(nullptr, sizeof(std::atomic<std::int64_t>), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return ResourceExhausted(ErrnoText("cannot map the lease's page"));
  return LeasePage(new (page) std::atomic<std::int64_t>(0));
}

LeasePage::LeasePage(LeasePage&& other) noexcept : end_us_(std::exchange(other.end_us_, nullptr)) {}

LeasePage& LeasePage::operator=(LeasePage&& other) noexcept {
  std::swap(end_us_, other.end_us_);
  return *this;
}

LeasePage::~LeasePage() {
  if (end_us_ != nullptr) munmap(end_us_, sizeof *end_us_);
}

}  // namespace bsub::spawner
