// What was submitted of late, and when: what a forecast expects to come. Scratch, never journaled: after a
// restart it holds what the journal behind the snapshot tells, and learns on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/time.h"
#include "jobs/job_spec.h"

namespace bsub::sched {

class RecentSubmits {
 public:
  static constexpr std::size_t kKept = 1024;
  // With fewer nothing is expected to come.
  static constexpr std::size_t kEnough = 32;

  // Of a job that waits for others, or is not to begin yet, nothing is kept. Returns the settings that had to
  // go for it, if any.
  std::shared_ptr<const JobSettings> Add(TimePoint at, const JobSpec& spec);

  struct Arrival {
    Duration gap{};  // since the one before
    std::shared_ptr<const JobSettings> settings;
    std::optional<ArraySpec> array;
  };
  // All that is kept, the oldest first; empty: not enough.
  std::vector<Arrival> InOrder() const;

 private:
  struct Submitted {
    TimePoint at;
    std::shared_ptr<const JobSettings> settings;
    std::optional<ArraySpec> array;
  };
  std::vector<Submitted> kept_;  // a ring
  std::size_t next_ = 0;
};

}  // namespace bsub::sched
