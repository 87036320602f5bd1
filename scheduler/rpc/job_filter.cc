#include "scheduler/rpc/job_filter.h"

#include <algorithm>
#include <vector>

#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::rpc {
namespace {

std::vector<std::string> StateWords() {
  std::vector<std::string> words = {"active", "waiting", "finished"};
  for (int i = 0; i < kJobStateCount; ++i) words.emplace_back(ToString(static_cast<JobState>(i)));
  return words;
}

constexpr std::string_view kEverybody = "*";
constexpr std::string_view kCaller = "@me";

Status AddStates(const std::string& word, std::set<JobState>& states) {
  const std::string lower = ToLower(word);
  const bool all_waiting = lower == "waiting" || lower == "pend" || lower == "pd";
  bool group = false;
  for (int i = 0; i < kJobStateCount; ++i) {
    const auto state = static_cast<JobState>(i);
    const bool member = (lower == "active" && !IsOver(state)) || (all_waiting && IsWaiting(state)) ||
                        (lower == "finished" && IsOver(state));
    if (member) states.insert(state), group = true;
  }
  if (group) return OkStatus();
  const auto state = ParseJobState(word);
  if (!state)
    return InvalidArgument("state: " + Quoted(word) + " is not a job state" + DidYouMean(word, StateWords()));
  states.insert(*state);
  return OkStatus();
}

}  // namespace

bool MatchesGlob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(p), pattern.end(),
                     [](char c) { return c == '*'; });
}

Result<JobFilter> JobFilter::Make(const v1::JobFilter& filter, const Principal& who) {
  JobFilter out;
  out.filter_ = filter;
  if (filter.owner() == kCaller) out.filter_.set_owner(std::to_string(who.uid));
  for (const std::string& word : filter.states()) BSUB_RETURN_IF_ERROR(AddStates(word, out.states_));
  return out;
}

bool JobFilter::NamesFinished() const { return std::any_of(states_.begin(), states_.end(), IsOver); }

bool JobFilter::MatchesOwner(const Principal& owner) const {
  if (filter_.owner().empty() || filter_.owner() == kEverybody || filter_.owner() == owner.name) return true;
  return AllDigits(filter_.owner()) && filter_.owner() == std::to_string(owner.uid);
}

bool JobFilter::NamesOthersThan(const Principal& who) const {
  return NamesOwner() && (filter_.owner() == kEverybody || !MatchesOwner(who));
}

bool JobFilter::MatchesSpec(const JobSpec& spec, TimePoint submitted_at) const {
  const JobSettings& settings = *spec.settings;
  if (!filter_.queue().empty() && filter_.queue() != settings.queue) return false;
  if (!MatchesOwner(settings.owner)) return false;
  if (!filter_.name().empty() && !MatchesGlob(filter_.name(), spec.name)) return false;
  if (!filter_.project().empty() && filter_.project() != settings.project) return false;
  const std::int64_t at = submitted_at.micros();
  if (filter_.submitted_after_at_us() != 0 && at <= filter_.submitted_after_at_us()) return false;
  if (filter_.submitted_before_at_us() != 0 && at >= filter_.submitted_before_at_us()) return false;
  return std::all_of(filter_.tags().begin(), filter_.tags().end(), [&](const auto& tag) {
    const auto it = settings.tags.find(tag.first);
    return it != settings.tags.end() && it->second == tag.second;
  });
}

bool JobFilter::MatchesNode(const sched::State& state, const sched::Task* task) const {
  if (filter_.node().empty()) return true;
  if (!task || !task->attempt) return false;
  bool found = false;
  sched::ForEachPlace(*task->attempt, [&](NodeId id, Incarnation, const Resources&, const auto&) {
    const auto node = state.nodes.find(id);
    found |= node != state.nodes.end() && node->second.description.name == filter_.node();
  });
  return found;
}

bool JobFilter::Matches(const sched::State& state, const sched::Job& job) const {
  if (!MatchesSpec(job.spec, job.submitted_at)) return false;
  if (!job.array) return Matches(state, job, 0);
  if (filter_.held() && (!job.held || job.Over())) return false;
  // An array has many states at once: it matches if one of its children does.
  if (!states_.empty()) {
    const sched::StatusSummary counts = sched::Summarise(job);
    const bool any = std::any_of(states_.begin(), states_.end(),
                                 [&](JobState s) { return counts[static_cast<std::size_t>(s)] > 0; });
    if (!any) return false;
  }
  return filter_.node().empty() ||
         std::any_of(job.array->rows.begin(), job.array->rows.end(),
                     [&](const auto& row) { return MatchesNode(state, &row.second); });
}

bool JobFilter::Matches(const sched::State& state, const sched::Job& job, std::uint32_t ordinal) const {
  const sched::Task* task = sched::FindTask(job, ordinal);
  const JobState task_state = sched::StateOf(job, ordinal);
  const bool held = !IsOver(task_state) && (job.held || (task && task->held));
  if (filter_.held() && !held) return false;
  return MatchesState(task_state) && MatchesNode(state, task) && MatchesSpec(job.spec, job.submitted_at);
}

bool JobFilter::Matches(const PastJob& past) const {
  if (filter_.held() || !filter_.node().empty()) return false;
  return MatchesState(past.failed > 0 ? JobState::kFailed : JobState::kSucceeded) &&
         MatchesSpec(past.submitted->spec, past.submitted_at);
}

}  // namespace bsub::rpc
