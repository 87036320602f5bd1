#include "tests/scenarios/crowd.h"

namespace bsub::testing {
namespace {

constexpr Duration kBetweenRounds = std::chrono::minutes(10), kRunTime = std::chrono::minutes(30);
constexpr std::uint32_t kUsers = 5;
constexpr int kJobsPerRound = 4;

}  // namespace

JobId Crowd::Find(const std::string& name) const {
  for (const auto& [id, job] : env_.state().jobs)
    if (!name.empty() && job.spec.name == name) return id;
  return {};
}

// True: `until` has started.
bool Crowd::Round(JobId until) {
  const std::uint32_t user = rounds_++ % kUsers;
  const Principal who{.uid = 2000 + user, .name = "u" + std::to_string(user)};
  for (int i = 0; i < kJobsPerRound; ++i) env_.Submit(Job().By(who).Walltime(kRunTime));
  static_cast<void>(env_.TakeLaunched());
  env_.Cycle();
  for (const JobId id : env_.TakeLaunched()) {
    if (id == until) return true;
    env_.Start(id);
    running_.push_back(id);
    ++started_;
  }
  env_.Advance(kBetweenRounds);
  std::erase_if(running_, [this](JobId id) {
    if (env_.now() - env_.TaskOf(id).attempt->started_at < kRunTime) return false;
    env_.Finish(id, Exit(0));
    return true;
  });
  return false;
}

std::string Crowd::Run(std::int64_t hours, const std::string& until) {
  const JobId awaited = Find(until);
  const TimePoint end = env_.now() + std::chrono::hours(hours);
  started_ = 0;
  bool there = false;
  while (!there && env_.now() < end) there = Round(awaited);
  static_cast<void>(env_.TakeLog());
  const std::string others = std::to_string(started_) + " of the crowd started";
  if (until.empty()) return others;
  if (!there) return until + " did not start within " + std::to_string(hours) + " hours; " + others;
  return until + " started after " + FormatDuration(env_.now() - env_.job(awaited).submitted_at) + "; " +
         others + " meanwhile";
}

}  // namespace bsub::testing
