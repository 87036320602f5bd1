#include "scheduler/core/run_times.h"

#include <algorithm>

namespace bsub::sched {

void RunTimes::Ring::Add(const Sample& sample, std::size_t most) {
  if (samples.size() < most) {
    samples.push_back(sample);
    return;
  }
  samples[next] = sample;
  next = (next + 1) % most;
}

void RunTimes::Add(std::uint32_t uid, Duration walltime, Duration ran) {
  const Sample sample{walltime, std::max(ran, Duration(1))};
  users_[uid].Add(sample, kKeptPerUser);
  all_.Add(sample, kKeptOfAll);
}

std::optional<Duration> RunTimes::Draw(std::uint32_t uid, Duration walltime, Duration elapsed,
                                       std::uint64_t random) const {
  std::vector<Duration> possible;
  const auto add = [&](const Ring& ring) {
    for (const Sample& sample : ring.samples) {
      if ((sample.walltime.count() == 0) != (walltime.count() == 0)) continue;
      Duration time = sample.ran;
      if (walltime.count() != 0) {
        const double part =
            static_cast<double>(sample.ran.count()) / static_cast<double>(sample.walltime.count());
        time = std::min(walltime,
                        Duration(static_cast<std::int64_t>(part * static_cast<double>(walltime.count()))));
      }
      if (time > elapsed) possible.push_back(time);
    }
  };
  if (const auto user = users_.find(uid); user != users_.end()) add(user->second);
  if (possible.size() < kEnough) add(all_);
  if (!possible.empty()) return possible[random % possible.size()];
  if (walltime.count() != 0) return std::max(walltime, elapsed);
  return std::nullopt;
}

std::size_t RunTimes::KnownOf(std::uint32_t uid) const {
  const auto user = users_.find(uid);
  return user == users_.end() ? 0 : user->second.samples.size();
}

}  // namespace bsub::sched
