#include "tests/integration/soak/open_units.h"

namespace bsub::soak {
namespace {

constexpr std::size_t kRecent = 200;

}  // namespace

bool OpenUnits::Enter() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || entered_ < most_; });
  if (closed_) return false;
  ++entered_;
  return true;
}

void OpenUnits::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void OpenUnits::Put(Unit unit) {
  const std::lock_guard lock(mutex_);
  units_.emplace(unit.number, std::move(unit));
}

void OpenUnits::Leave() {
  const std::lock_guard lock(mutex_);
  --entered_;
  changed_.notify_all();
}

std::vector<Unit> OpenUnits::Oldest(std::size_t most) const {
  const std::lock_guard lock(mutex_);
  std::vector<Unit> oldest;
  for (const auto& [number, unit] : units_) {
    if (oldest.size() == most) break;
    oldest.push_back(unit);
  }
  return oldest;
}

void OpenUnits::Remove(std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    units_.erase(number);
  }
  Leave();
}

std::int64_t OpenUnits::size() const {
  const std::lock_guard lock(mutex_);
  return entered_;
}

bool OpenUnits::Note(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (given_.size() <= id) given_.resize(id + 1);
  if (given_[id]) return false;
  given_[id] = true;
  if (recent_.size() < kRecent) recent_.resize(kRecent);
  recent_[next_recent_++ % kRecent] = id;
  return true;
}

std::uint64_t OpenUnits::RecentId(std::uint64_t dice) const {
  const std::lock_guard lock(mutex_);
  return recent_.empty() ? 0 : recent_[dice % recent_.size()];
}

}  // namespace bsub::soak
