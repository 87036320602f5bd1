#include "scheduler/daemon/payload_cache.h"

namespace bsub::daemon {
namespace {

// What an entry takes beside its bytes: nodes of the map and of the list, the string, its counts, and what
// the allocator adds to each.
constexpr std::size_t kEntryBytes = 320;

std::size_t CostOf(const std::string& bytes) { return bytes.capacity() + kEntryBytes; }

}  // namespace

Result<std::shared_ptr<const std::string>> PayloadCache::Get(const PayloadHash& hash) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = kept_.find(hash); it != kept_.end()) {
      by_use_.splice(by_use_.begin(), by_use_, it->second.place);
      return it->second.bytes;
    }
  }
  BSUB_ASSIGN_OR_RETURN(std::string read, store_.Get(hash));
  read.shrink_to_fit();  // it was read into a buffer of a page
  const Bytes bytes = std::make_shared<const std::string>(std::move(read));
  const std::lock_guard lock(mutex_);
  if (kept_.count(hash) != 0) return bytes;
  by_use_.push_front(hash);
  kept_.emplace(hash, Kept{bytes, by_use_.begin()});
  bytes_ += CostOf(*bytes);
  while (bytes_ > max_bytes_ && by_use_.size() > 1) {
    const auto oldest = kept_.find(by_use_.back());
    bytes_ -= CostOf(*oldest->second.bytes);
    kept_.erase(oldest);
    by_use_.pop_back();
  }
  return bytes;
}

}  // namespace bsub::daemon
