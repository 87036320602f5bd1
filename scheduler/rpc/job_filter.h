// A list request's filter as one predicate, so that `jobs`, `cancel --all` and others agree on what matches.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/bsub/v1/scheduler.pb.h"
#include "common/result.h"
#include "jobs/state.h"
#include "scheduler/core/state.h"
#include "scheduler/rpc/history_port.h"

namespace bsub::rpc {

// '*' is any text, '?' any one character.
bool MatchesGlob(std::string_view pattern, std::string_view text);

class JobFilter {
 public:
  // `who` asks, and is meant by "@me".
  static Result<JobFilter> Make(const v1::JobFilter& filter, const Principal& who);

  // Everything about the job but its state, hold and node.
  bool MatchesSpec(const JobSpec& spec, TimePoint submitted_at) const;
  bool Matches(const sched::State& state, const sched::Job& job) const;
  bool Matches(const sched::State& state, const sched::Job& job, std::uint32_t ordinal) const;
  bool Matches(const PastJob& past) const;
  // Some named state is one of a job that is over.
  bool NamesFinished() const;
  bool NamesOwner() const { return !filter_.owner().empty(); }
  // Everybody, or one other user.
  bool NamesOthersThan(const Principal& who) const;

 private:
  bool MatchesOwner(const Principal& owner) const;
  bool MatchesNode(const sched::State& state, const sched::Task* task) const;
  bool MatchesState(JobState state) const { return states_.empty() || states_.count(state) != 0; }

  v1::JobFilter filter_;
  std::set<JobState> states_;  // empty: all
};

}  // namespace bsub::rpc
