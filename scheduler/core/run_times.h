// How long tasks really ran, by user: what a forecast knows beyond time limits. Scratch, never journaled:
// after a restart it holds what the journal behind the snapshot tells, and learns on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "common/time.h"

namespace bsub::sched {

class RunTimes {
 public:
  // The newest of each user, and of all users together.
  static constexpr std::size_t kKeptPerUser = 64;
  static constexpr std::size_t kKeptOfAll = 512;
  // A user with fewer to go by is given those of all besides.
  static constexpr std::size_t kEnough = 8;

  // `walltime` zero: it had no limit.
  void Add(std::uint32_t uid, Duration walltime, Duration ran);

  // A run time that the task may turn out to have, having run for `elapsed` already: one of those that the
  // user's tasks had, as a part of the time limit; without a limit as it was. `random` says which. One that
  // outran all that is known runs to its limit. Nothing: there is no limit and nothing is known.
  std::optional<Duration> Draw(std::uint32_t uid, Duration walltime, Duration elapsed,
                               std::uint64_t random) const;

  // What a draw for this user rests on.
  std::size_t KnownOf(std::uint32_t uid) const;

 private:
  struct Sample {
    Duration walltime{};
    Duration ran{};
  };
  // The newest so many, in any order.
  struct Ring {
    std::vector<Sample> samples;
    std::size_t next = 0;
    void Add(const Sample& sample, std::size_t most);
  };

  std::map<std::uint32_t, Ring> users_;
  Ring all_;
};

}  // namespace bsub::sched
