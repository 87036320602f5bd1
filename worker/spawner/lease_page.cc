#include "worker/spawner/lease_page.h"

#include <sys/mman.h>
#include <sys/timerfd.h>

#include <new>
#include <utility>

#include "worker/spawner/files.h"

namespace bsub::spawner {

static_assert(std::atomic<std::int64_t>::is_always_lock_free, "shared between processes");

Result<LeasePage> LeasePage::Create(std::int64_t grace_us) {
  worker::UniqueFd alarm(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC));
  if (!alarm.valid()) return ResourceExhausted(ErrnoText("cannot make the lease's timer"));
  void* const page = mmap(nullptr, sizeof(std::atomic<std::int64_t>), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return ResourceExhausted(ErrnoText("cannot map the lease's page"));
  return LeasePage(new (page) std::atomic<std::int64_t>(0), std::move(alarm), grace_us);
}

LeasePage::LeasePage(LeasePage&& other) noexcept
    : end_us_(std::exchange(other.end_us_, nullptr)),
      alarm_(std::move(other.alarm_)),
      grace_us_(other.grace_us_) {}

LeasePage& LeasePage::operator=(LeasePage&& other) noexcept {
  std::swap(end_us_, other.end_us_);
  std::swap(alarm_, other.alarm_);
  std::swap(grace_us_, other.grace_us_);
  return *this;
}

LeasePage::~LeasePage() {
  if (end_us_ != nullptr) munmap(end_us_, sizeof *end_us_);
}

void LeasePage::SetEnd(std::int64_t end_us) {
  end_us_->store(end_us);
  ArmAt(alarm_.get(), kill_at_us());
}

std::int64_t LeasePage::kill_at_us() const {
  const std::int64_t end_us = this->end_us();
  return end_us == 0 ? 0 : end_us + grace_us_;
}

}  // namespace bsub::spawner
