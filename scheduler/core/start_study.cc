#include "scheduler/core/start_study.h"

#include <algorithm>
#include <map>
#include <utility>

#include "scheduler/core/copy_state.h"
#include "scheduler/core/cycle.h"
#include "scheduler/core/played_cluster.h"
#include "scheduler/core/served_order.h"

namespace bsub::sched {

struct StartStudy::InLine {
  std::size_t queue = 0;  // in the order in which queues are served
  ServedKey key;
  const Job* job = nullptr;
  friend bool operator<(const InLine& a, const InLine& b) {
    return a.queue != b.queue ? a.queue < b.queue : a.key < b.key;
  }
};

namespace {

// Plays know less than there is to know, so they differ less from each other than what comes does from them.
// These percentiles of the plays are what half and nine tenths start by (docs/policies.md, "How good
// forecasts are").
constexpr std::size_t kPlaysForP50 = 55, kPlaysForP90 = 95;

std::uint32_t OpenTasks(const Job& job) { return job.array ? job.array->open_count : 1; }

TimePoint ReservedStart(const Store& store, const Job& job) {
  if (const PlannedJob* planned = store.FindPlanned(job)) return planned->start;
  const WaitingClass* waiting = job.waiting_class;
  if (!waiting || waiting->members.empty()) return {};
  TimePoint from;
  for (const NodeId node : store.reservations().NodesOf(waiting->queue, waiting->key)) {
    if (!IsKeptFor(store.reservations().all().at(node), *waiting, job.id)) return {};
    from = std::max(from, store.reservations().kept().at(node).from);
  }
  return from;
}

}  // namespace

StartStudy::StartStudy(const Settings& settings, const Store& store, const Job& job, std::uint32_t ordinal,
                       TimePoint now)
    : settings_(settings),
      target_{job.id, ordinal},
      now_(now),
      state_(CopyCluster(store.state())),
      run_times_(store.run_times()),
      arrivals_(store.recent_submits().InOrder()),
      reserved_at_(ReservedStart(store, job)) {
  state_.next_job_id = std::max(state_.next_job_id, job.id.value() + 1);
  std::vector<InLine> line = LineUp(store, job);
  if (line.empty() || !CopyRunning(store) || !AddWaiting(job, std::move(line))) {
    // Nothing of what is shared with the core may be let go by another thread.
    position_ = 0;
    state_ = State();
    arrivals_.clear();
  }
  OwnSettings();
}

bool StartStudy::Copy(const Job& job) {
  if (state_.jobs.count(job.id) != 0) return true;
  cost_ += CostOfCopy(job);
  if (cost_ > settings_.study.max_looked) return false;
  state_.jobs.emplace(job.id, CopyJobAsItStands(job));
  return true;
}

bool StartStudy::CopyRunning(const Store& store) {
  std::size_t live_tasks = 0;
  for (const auto& [id, use] : store.capacity().nodes()) {
    if (store.IsConnected(id)) connected_.insert(id);
    live_tasks += use.attempts.size();
    if (live_tasks > settings_.study.max_looked) return false;
    for (const AttemptRef& attempt : use.attempts) {
      if (!Copy(store.state().jobs.at(attempt.task.job))) return false;
    }
  }
  return true;
}

std::vector<StartStudy::InLine> StartStudy::LineUp(const Store& store, const Job& target) const {
  std::vector<InLine> line;
  std::size_t place = 0;
  for (const Queue* queue : QueuesInOrder(store.state())) {
    ++place;
    const auto key = [&](const Job& job, const WaitingMember& member) {
      return ServedKeyOf(store, *queue, job, member, now_);
    };
    if (queue->name == target.spec.settings->queue)
      line.push_back({place, key(target, {!InFront(target), target.id}), &target});
    const WaitingTable::Classes* classes =
        queue->dispatches ? store.waiting().ClassesOf(queue->name) : nullptr;
    if (!classes) continue;
    for (const auto& [kind, waiting] : *classes) {
      if (line.size() + waiting.members.size() > settings_.study.max_looked + 1) return {};
      for (const WaitingMember& member : waiting.members) {
        const Job& other = store.state().jobs.at(member.job);
        if (other.id != target.id) line.push_back({place, key(other, member), &other});
      }
    }
  }
  return line;
}

// The core counts how many share them, on its own thread.
void StartStudy::OwnSettings() {
  std::map<const JobSettings*, std::shared_ptr<const JobSettings>> copies;
  const auto own = [&copies](std::shared_ptr<const JobSettings>& settings) {
    std::shared_ptr<const JobSettings>& copy = copies[settings.get()];
    if (!copy) copy = std::make_shared<const JobSettings>(*settings);
    settings = copy;
  };
  for (auto& [id, job] : state_.jobs) own(job.spec.settings);
  for (RecentSubmits::Arrival& arrival : arrivals_) own(arrival.settings);
}

bool StartStudy::AddWaiting(const Job& target, std::vector<InLine> line) {
  std::sort(line.begin(), line.end());
  const auto at =
      std::find_if(line.begin(), line.end(), [&](const InLine& one) { return one.job == &target; });
  if (at == line.end()) return false;
  position_ = 1;
  for (auto before = line.begin(); before != at; ++before)
    if (before->queue == at->queue) position_ += OpenTasks(*before->job);
  if (target.array) position_ += target.array->open.CountBefore(target_.ordinal);
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool counts = i < settings_.study.max_jobs || line[i].job == &target;
    if (counts && !Copy(*line[i].job)) return false;
  }
  return true;
}

StartOutlook StartStudy::Run(const std::function<bool()>& stopped) const {
  if (position_ == 0) return {};
  std::vector<TimePoint> starts;
  std::uint32_t steps = settings_.study.max_steps;
  // Some four jobs or nodes are brought to life in the time of one step.
  const auto to_begin = static_cast<std::uint32_t>((cost_ + state_.nodes.size()) / 4);
  for (std::uint32_t play = 0; play < settings_.study.plays && steps > 0; ++play) {
    if (stopped && stopped()) return {.p50 = {}, .p90 = {}, .stopped = true};
    steps -= std::min(steps, to_begin);
    PlayedCluster cluster(settings_, CopyState(state_), connected_, {run_times_, arrivals_}, play + 1, now_);
    const auto start = cluster.PlayUntilStart(target_, steps, stopped);
    if (!start && steps == 0) break;  // it might have, with more
    starts.push_back(start.value_or(TimePoint::Max()));
  }
  if (stopped && stopped()) return {.p50 = {}, .p90 = {}, .stopped = true};
  if (starts.size() < settings_.study.least_plays) return {};
  std::sort(starts.begin(), starts.end());
  const auto by = [&](std::size_t percent) {
    const TimePoint at = starts[std::min(starts.size() - 1, starts.size() * percent / 100)];
    return at == TimePoint::Max() ? TimePoint() : at;
  };
  return {
      .p50 = by(kPlaysForP50), .p90 = by(kPlaysForP90), .plays = static_cast<std::uint32_t>(starts.size())};
}

}  // namespace bsub::sched
