#include "scheduler/core/store.h"

#include <algorithm>
#include <iterator>

#include "common/check.h"
#include "scheduler/core/dependency_eval.h"
#include "scheduler/core/state_hash.h"

namespace bsub::sched {
namespace {

// So many jobs ahead their tokens' places are fetched: memory answers meanwhile. No setting: it changes
// nothing but the time.
constexpr std::size_t kExpected = 8;

// The rows of one word, as bits.
struct RowBits {
  std::uint64_t live = 0;
  std::uint64_t held = 0;
  std::uint64_t front = 0;
};

RowBits RowsOfWord(const ArrayState& array, std::size_t word) {
  RowBits bits;
  const auto first = static_cast<std::uint32_t>(word * 64);
  for (auto it = array.rows.lower_bound(first); it != array.rows.end() && it->first - first < 64; ++it) {
    const std::uint64_t bit = 1ULL << (it->first - first);
    if (IsLive(it->second.state)) bits.live |= bit;
    if (it->second.held) bits.held |= bit;
    if (it->second.front) bits.front |= bit;
  }
  return bits;
}

void SetOpenWord(ArrayState& array, std::size_t word, std::uint64_t open, std::uint64_t front) {
  array.open_count -= static_cast<std::uint32_t>(std::popcount(array.open.word(word)));
  array.open.set_word(word, open);
  array.open_count += static_cast<std::uint32_t>(std::popcount(array.open.word(word)));
  const auto first = static_cast<std::uint32_t>(word * 64);
  array.open_front.erase(array.open_front.lower_bound(first), array.open_front.lower_bound(first + 64));
  for (std::uint64_t rest = front; rest != 0; rest &= rest - 1) {
    array.open_front.insert(first + static_cast<std::uint32_t>(std::countr_zero(rest)));
  }
}

}  // namespace

Store::Store(State state, std::size_t expected_jobs) : state_(std::move(state)) {
  BSUB_CHECK(state_.jobs.empty()) << "jobs are restored one after another";
  terms_ = HashOf(state_) - HashOfCounters(state_);
  tokens_.Reserve(expected_jobs);
  NoteQueues();
  for (const auto& [name, queue] : state_.queues) {
    SetClassesOf(queue);
    if (CountsFinely(queue)) limit_uses_.try_emplace(name);
  }
  for (const auto& [id, node] : state_.nodes) {
    capacity_.SetTotal(id, node.description.total);
    tree_.Add(id, node.description.name);
    UpdateUsable(id);
  }
  if (!state_.reservations.empty()) EditCalendar([this] { calendar_ = MakeCalendar(); });
}

void Store::Restore(std::vector<SavedJob> jobs) {
  std::shared_ptr<const JobSettings> given, interned;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (i + kExpected < jobs.size()) tokens_.Expect(jobs[i + kExpected].job.spec.token);
    SavedJob& saved = jobs[i];
    const std::uint64_t children = saved.job.array ? saved.job.array->child_terms : 0;
    terms_ += children;
    if (saved.job.spec.settings != given) {
      given = saved.job.spec.settings;
      interned = settings_.Intern(given);
    }
    saved.job.spec.settings = interned;
    const JobId id = saved.job.id;
    Job& job = state_.jobs.emplace(id, std::move(saved.job)).first->second;
    job_hashes_.Know(job, saved.terms - children);
    IndexJob(job);
    if (job.spec.dependency.nodes.empty()) {
      RefreshAll(job);
    } else {
      restored_waiters_.push_back(id);
    }
  }
}

void Store::EndRestore() {
  for (const JobId id : std::exchange(restored_waiters_, {})) {
    Job& job = *MutableJob(id);
    dependencies_.Add(state_, job);
    RefreshAll(job);
  }
}

void Store::TakeChildTerm(Job& job, std::uint32_t ordinal) {
  const std::uint64_t term = HashOfChild(job, ordinal);
  terms_ -= term;
  job.array->child_terms -= term;
}

void Store::PutChildTerm(Job& job, std::uint32_t ordinal) {
  const std::uint64_t term = HashOfChild(job, ordinal);
  terms_ += term;
  job.array->child_terms += term;
}

std::uint64_t Store::hash() const { return terms_ + job_hashes_.Sum(state_) + HashOfCounters(state_); }

// What does not need the other jobs: token, name, times, counts, capacity.
void Store::IndexJob(Job& job) {
  if (!job.spec.token.empty()) tokens_.Add(job.spec.token, job.id);
  const auto behind = newest_name_ == names_.end() ? names_.end() : std::next(newest_name_);
  newest_name_ = names_.insert(behind, {job.spec.settings->owner.uid, job.spec.name, job.id});
  if (!job.begin_reached && !job.Over()) begin_times_.emplace(job.spec.begin_at, job.id);
  if (job.finished_at.set()) finished_.emplace(job.finished_at, job.id);
  CountJob(job, +1);
  const auto take = [&](std::uint32_t ordinal, const Task& task) {
    if (!task.attempt) return;
    TakePlaces(*job.spec.settings, {{job.id, ordinal}, task.attempt->number}, *task.attempt);
  };
  if (!job.array) return take(0, job.task);
  for (const auto& [ordinal, row] : job.array->rows) take(ordinal, row);
}

void Store::TakePlaces(const JobSettings& settings, const AttemptRef& ref, const Attempt& attempt) {
  ForEachPlace(attempt, [&](NodeId node, Incarnation, const Resources& allocated, const auto& gpus) {
    capacity_.Take(node, ref, LiveTaskOf(settings, attempt, allocated), gpus);
  });
  CountLoad(ref, attempt, +1);
  const std::string& group = settings.gang.placement.group;
  if (!group.empty()) groups_.Add({settings.owner.uid, group}, ref);
}

void Store::GivePlaces(const JobSettings& settings, const AttemptRef& ref, const Attempt& attempt) {
  ForEachPlace(attempt, [&](NodeId node, Incarnation, const Resources& allocated, const auto& gpus) {
    capacity_.Give(node, ref, LiveTaskOf(settings, attempt, allocated), gpus);
  });
  CountLoad(ref, attempt, -1);
  const std::string& group = settings.gang.placement.group;
  if (!group.empty()) groups_.Remove({settings.owner.uid, group}, ref);
}

void Store::EditAttempt(const Job& job, Attempt& attempt, const std::function<void(Attempt&)>& change) {
  const JobSettings& settings = *job.spec.settings;
  // The places keep all that is theirs but the end.
  const LiveTask before = LiveTaskOf(settings, attempt, {});
  change(attempt);
  const LiveTask now = LiveTaskOf(settings, attempt, {});
  if (now == before) return;
  ForEachPlace(attempt, [&](NodeId node, Incarnation, const Resources& allocated, const auto&) {
    capacity_.ChangeEnd(node, {before.began, before.ends, allocated}, {now.began, now.ends, allocated});
  });
}

void Store::UnindexJob(Job& job) {
  waiting_.Remove(job);
  CountJob(job, -1);
  dependencies_.Remove(state_, job);
  doomed_.erase(job.id);
  begin_times_.erase({job.spec.begin_at, job.id});
  finished_.erase({job.finished_at, job.id});
  if (!job.spec.token.empty()) tokens_.Remove(job.spec.token);
  if (newest_name_ != names_.end() && newest_name_->job == job.id) newest_name_ = names_.end();
  names_.erase({job.spec.settings->owner.uid, job.spec.name, job.id});
  settings_.Drop(std::move(job.spec.settings));
}

void Store::CountJob(const Job& job, int sign) {
  TaskCounts counts;
  if (sign > 0) {
    counts += CountsOf(job);
  } else {
    counts -= CountsOf(job);
  }
  AddCounts(job, counts);
}

void Store::AddCounts(const Job& job, const TaskCounts& more) {
  tasks_.Add(job.spec.settings->queue, job.spec.settings->owner.uid, more);
  if (!limit_uses_.empty()) CountForLimits(*job.spec.settings, more);
}

std::uint64_t EvaluateTasks(const State& state, Job& job, std::size_t word) {
  const Verdict verdict = EvaluateWord(state, job, word);
  const std::uint64_t met = job.begin_reached ? verdict.met : 0;
  if (!job.array) {
    const std::uint64_t waiting = IsWaiting(job.task.state) ? 1 : 0;
    job.ready = (waiting & met & 1) != 0;
    return waiting & verdict.never;
  }
  ArrayState& a = *job.array;
  const RowBits rows = RowsOfWord(a, word);
  const std::uint64_t waiting =
      ~(a.succeeded.word(word) | a.failed.word(word) | rows.live) & a.ready.WordMask(word);
  a.ready.set_word(word, waiting & met);
  const std::uint64_t open = waiting & met & ~rows.held;
  SetOpenWord(a, word, open, open & rows.front);
  return waiting & verdict.never;
}

void Store::RefreshWord(Job& job, std::size_t word) {
  if (job.array && word >= job.array->ready.word_count()) return;
  const std::uint64_t never = EvaluateTasks(state_, job, word);
  if (never != 0 && job.spec.settings->on_impossible == OnImpossible::kEnd) {
    doomed_[job.id].insert(word);
  } else if (const auto it = doomed_.find(job.id); it != doomed_.end()) {
    it->second.erase(word);
    if (it->second.empty()) doomed_.erase(it);
  }
}

void Store::RefreshAll(Job& job) {
  const std::size_t words = job.array ? job.array->ready.word_count() : 1;
  for (std::size_t w = 0; w < words; ++w) RefreshWord(job, w);
  waiting_.Update(job);
}

void Store::NotifyWaiters(Job& job, std::uint32_t first, std::uint32_t last, bool whole) {
  if (job.array && IsSequential(job)) {
    for (std::size_t w = first / 64; w <= (last + 1) / 64; ++w) RefreshWord(job, w);
    waiting_.Update(job);
  }
  const DependencyIndex::Waiters* waiters = dependencies_.Of(job.id);
  if (!waiters) return;
  if (whole || !job.array) {
    for (const JobId id : waiters->whole) RefreshAll(*MutableJob(id));
  }
  for (const JobId id : waiters->index_wise) {
    Job& waiter = *MutableJob(id);
    for (std::size_t w = first / 64; w <= last / 64; ++w) RefreshWord(waiter, w);
    waiting_.Update(waiter);
  }
  if (waiters->child.empty() || !job.array) return;
  const std::uint32_t last_index = *IndexOf(job, last);
  for (auto it = waiters->child.lower_bound(*IndexOf(job, first));
       it != waiters->child.end() && it->first <= last_index; ++it) {
    for (const JobId id : it->second) RefreshAll(*MutableJob(id));
  }
}

void Store::FinishIfOver(Job& job, TimePoint at) {
  if (!job.Over() || job.finished_at.set()) return;
  job.finished_at = at;
  finished_.emplace_hint(finished_.end(), at, job.id);
  begin_times_.erase({job.spec.begin_at, job.id});
}

void Store::UpdateUsable(NodeId id) {
  const auto it = state_.nodes.find(id);
  if (it == state_.nodes.end()) return;
  const bool up = it->second.state == NodeState::kUp && !it->second.drained && !it->second.notice;
  capacity_.SetUsable(id, connected_.count(id) != 0 && up && resting_.count(id) == 0);
}

void Store::SetResting(NodeId node, const std::string& why) {
  if (why.empty()) {
    resting_.erase(node);
  } else {
    resting_[node] = why;
  }
  UpdateUsable(node);
}

void Store::NoteSave(const AttemptRef& ref, const KnownSave& save) {
  const Task* task = FindTask(state_.jobs.at(ref.task.job), ref.task.ordinal);
  BSUB_CHECK(task && task->attempt && task->attempt->number == ref.number);
  task->attempt->last_save = save;
}

const std::string* Store::RestingFor(NodeId node) const {
  const auto it = resting_.find(node);
  return it == resting_.end() ? nullptr : &it->second;
}

void Store::SetConnected(NodeId node, bool connected) {
  if (connected) {
    connected_.insert(node);
  } else {
    connected_.erase(node);
  }
  UpdateUsable(node);
}

void Store::EditNode(NodeId id, const std::function<void(Node&)>& change) {
  Node& node = state_.nodes.at(id);
  terms_ -= HashOf(node);
  change(node);
  terms_ += HashOf(node);
  UpdateUsable(id);
}

Job* Store::MutableJob(JobId id) { return state_.jobs.Find(id); }

JobId Store::FindByToken(const SubmitToken& token) const { return tokens_.Find(token); }

std::vector<JobId> Store::FindByName(std::uint32_t uid, std::string_view name, std::size_t most) const {
  const bool prefix = !name.empty() && name.back() == '*';
  if (prefix) name.remove_suffix(1);
  std::vector<JobId> found;
  for (auto it = names_.lower_bound({uid, name, JobId()}); it != names_.end() && found.size() <= most; ++it) {
    const bool matches = prefix ? it->name.substr(0, name.size()) == name : it->name == name;
    if (it->uid != uid || !matches) break;
    found.push_back(it->job);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::pair<std::string_view, JobId>> Store::JobsOfOwner(std::uint32_t uid,
                                                                   std::string_view after_name, JobId after,
                                                                   std::size_t most) const {
  std::vector<std::pair<std::string_view, JobId>> found;
  for (auto it = names_.upper_bound({uid, after_name, after}); it != names_.end() && found.size() < most;
       ++it) {
    if (it->uid != uid) break;
    found.emplace_back(it->name, it->job);
  }
  return found;
}

QueuePlan Store::TakePlan(const std::string& queue) {
  auto node = plans_.extract(queue);
  return node.empty() ? QueuePlan() : std::move(node.mapped());
}

const PlannedJob* Store::FindPlanned(const Job& job) const {
  const auto it = plans_.find(job.spec.settings->queue);
  return it == plans_.end() ? nullptr : it->second.Find(job.id);
}

ClusterView Store::ViewFor(const NodesRequest& request) const {
  ClusterView view{tree_, capacity_, {}};
  const std::string& group = request.placement.group;
  const auto* attempts = group.empty() ? nullptr : groups_.Find({request.group_owner, group});
  if (!attempts) return view;
  std::map<NodeIndex, std::uint32_t> members;  // the partition of each
  for (const AttemptRef& ref : *attempts) {
    const Attempt& attempt = *FindTask(state_.jobs.at(ref.task.job), ref.task.ordinal)->attempt;
    const PlacementRecord* placed = attempt.gang ? attempt.gang->placement.get() : nullptr;
    std::size_t part = 0;
    ForEachPart(attempt, [&](NodeId node, bool over) {
      const std::size_t i = part++;
      const auto index = tree_.IndexOf(node);
      if (over || !index) return;
      const bool divided = placed && i < placed->partitions.size();
      members.try_emplace(*index, divided ? placed->partitions[i] : 0);
    });
  }
  for (const auto& [node, partition] : members) view.members.push_back({node, partition});
  return view;
}

ChosenNodes Store::ChooseNodes(const NodesRequest& request, const KeptResources& kept, TimePoint ends) const {
  if (request.plain()) {
    const std::optional<NodeId> node = ChooseNode(request, kept, ends);
    return node ? ChosenNodes{{*node}, nullptr} : ChosenNodes{};
  }
  const OpenNodes nodes{calendar_, request.reservation, ends};
  const OpenNodes* open = calendar_.empty() && request.reservation.empty() ? nullptr : &nodes;
  return sched::ChooseNodes(ViewFor(request), request, capacity_.Candidates(request, kept, ends, open));
}

std::optional<NodeId> Store::ChooseNode(const NodesRequest& request, const KeptResources& kept,
                                        TimePoint ends) const {
  const OpenNodes nodes{calendar_, request.reservation, ends};
  const OpenNodes* open = calendar_.empty() && request.reservation.empty() ? nullptr : &nodes;
  return capacity_.Choose(request.each, kept, ends, open);
}

const Node* LostNodeOf(const Store& store, const Attempt& attempt) {
  const Node* lost = nullptr;
  ForEachPlace(attempt, [&](NodeId node, Incarnation, const Resources&, const auto&) {
    if (!lost && !store.IsConnected(node)) lost = &store.state().nodes.at(node);
  });
  return lost;
}

}  // namespace bsub::sched
