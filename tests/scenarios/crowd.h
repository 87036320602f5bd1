// A stream of small jobs that never lets a cluster come to rest: every ten minutes four more that take half
// an hour and a CPU each, of five users in turn.
#pragma once

#include <string>
#include <vector>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {

class Crowd {
 public:
  explicit Crowd(Env& env) : env_(env) {}

  // Goes on for so many hours, or until the job of this name starts (empty: nobody is waited for). In words
  // what came of it; the journal of it is dropped.
  std::string Run(std::int64_t hours, const std::string& until);

 private:
  bool Round(JobId until);
  JobId Find(const std::string& name) const;

  Env& env_;
  std::vector<JobId> running_;
  std::uint32_t rounds_ = 0;
  int started_ = 0;
};

}  // namespace bsub::testing
