// The end of the node's lease, where the witnesses of its tasks can read it when the spawner is dead: a page
// that is shared with all processes forked after it was made.
#pragma once

#include <atomic>
#include <cstdint>

#include "common/result.h"

namespace bsub::spawner {

class LeasePage {
 public:
  static Result<LeasePage> Create();
  LeasePage(LeasePage&& other) noexcept;
  LeasePage& operator=(LeasePage&& other) noexcept;
  ~LeasePage();

  // CLOCK_BOOTTIME, microseconds; 0: tasks may go on for ever.
  void SetEnd(std::int64_t end_us) { end_us_->store(end_us); }
  std::int64_t end_us() const { return end_us_->load(); }

 private:
  explicit LeasePage(std::atomic<std::int64_t>* end_us) : end_us_(end_us) {}
  std::atomic<std::int64_t>* end_us_ = nullptr;
};

}  // namespace bsub::spawner
