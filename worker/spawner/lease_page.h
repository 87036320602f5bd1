// The end of the node's lease, where the witnesses of its tasks see it whatever the spawner does or does not
// do: a page and a timer that are shared with all processes forked after they were made. The timer is the
// kernel's, so it goes off although the spawner is frozen, and nobody has to wake up before.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "common/result.h"
#include "worker/launch/unique_fd.h"

namespace bsub::spawner {

class LeasePage {
 public:
  // `grace_us`: how long after its end a living spawner may still be busy ending the tasks.
  static Result<LeasePage> Create(std::int64_t grace_us);
  LeasePage(LeasePage&& other) noexcept;
  LeasePage& operator=(LeasePage&& other) noexcept;
  ~LeasePage();

  // CLOCK_BOOTTIME, microseconds; 0: tasks may go on for ever. The spawner's to call.
  void SetEnd(std::int64_t end_us);
  std::int64_t end_us() const { return end_us_->load(); }
  // When no task may be alive any more; 0: never.
  std::int64_t kill_at_us() const;
  // A descriptor that poll(2) finds readable from kill_at_us() on, until the end is set anew. It is not to be
  // read: that would make it quiet for all the others.
  int alarm() const { return alarm_.get(); }

 private:
  LeasePage(std::atomic<std::int64_t>* end_us, worker::UniqueFd alarm, std::int64_t grace_us)
      : end_us_(end_us), alarm_(std::move(alarm)), grace_us_(grace_us) {}
  std::atomic<std::int64_t>* end_us_ = nullptr;
  worker::UniqueFd alarm_;
  std::int64_t grace_us_ = 0;
};

}  // namespace bsub::spawner
