#include "scheduler/core/waiting.h"

#include <vector>

#include "common/check.h"

namespace bsub::sched {

bool WaitsForNode(const Job& job) {
  if (job.held) return false;
  if (!job.array) return job.ready && IsWaiting(job.task.state);
  const std::uint32_t limit = job.spec.array->concurrency();
  return job.array->open_count > 0 && (limit == 0 || job.array->live_count() < limit);
}

bool InFront(const Job& job) { return job.array ? !job.array->open_front.empty() : job.task.front; }

std::uint32_t NextTask(const Job& job) {
  if (!job.array) return 0;
  if (!job.array->open_front.empty()) return *job.array->open_front.begin();
  const auto first = job.array->open.FirstSet();
  BSUB_CHECK(first.has_value()) << "job " << job.id.value() << " waits without an open child";
  return *first;
}

TimePoint WaitsSince(const Job& job) {
  return std::max(job.array ? job.submitted_at : job.task.since, job.spec.begin_at);
}

NodesRequest RequestNow(const Job& job, TimePoint now) {
  NodesRequest request = RequestOf(*job.spec.settings);
  if (request.placement.mode != PlacementMode::kPreferred) return request;
  return AsOf(std::move(request), WaitsSince(job), now);
}

Duration WaitingTable::WalltimeOf(const JobSettings& settings) const {
  return by_walltime_.count(settings.queue) != 0 ? settings.walltime : Duration(0);
}

ClassKey WaitingTable::KeyOf(const Job& job) const {
  const JobSettings& settings = *job.spec.settings;
  return {job.priority, settings.owner.uid, settings.share_identifier, RequestOf(settings),
          WalltimeOf(settings)};
}

bool WaitingTable::IsOf(const WaitingClass& waiting, const Job& job) const {
  const JobSettings& settings = *job.spec.settings;
  const ClassKey& key = waiting.key;
  return key.priority == job.priority && key.uid == settings.owner.uid &&
         key.walltime == WalltimeOf(settings) && key.request == RequestOf(settings) &&
         key.share == settings.share_identifier && waiting.queue == settings.queue;
}

void WaitingTable::SetByWalltime(const std::string& queue, bool by_walltime, std::map<JobId, Job>& jobs) {
  if ((by_walltime_.count(queue) != 0) == by_walltime) return;
  std::vector<Job*> waiting;
  if (const Classes* classes = ClassesOf(queue)) {
    for (const auto& [key, one] : *classes) {
      for (const WaitingMember& member : one.members) waiting.push_back(&jobs.at(member.job));
    }
  }
  for (Job* job : waiting) Remove(*job);
  if (by_walltime) {
    by_walltime_.insert(queue);
  } else {
    by_walltime_.erase(queue);
  }
  for (Job* job : waiting) Update(*job);
}

void WaitingTable::Update(Job& job) {
  const bool wanted = WaitsForNode(job), front = InFront(job);
  if (job.waiting_class && wanted && front == job.waits_in_front) return;
  Remove(job);
  if (!wanted) return;
  WaitingClass& into = ClassOf(job);
  into.members.insert(into.members.end(), {!front, job.id});  // most come in the order of their ids
  job.waiting_class = newest_ = &into;
  job.waits_in_front = front;
}

WaitingClass& WaitingTable::ClassOf(const Job& job) {
  const JobSettings& settings = *job.spec.settings;
  if (newest_ && IsOf(*newest_, job)) return *newest_;
  const ClassKey key = KeyOf(job);
  const auto [it, fresh] = queues_[settings.queue].try_emplace(key);
  if (fresh) it->second = WaitingClass{settings.queue, key, {}};
  return it->second;
}

void WaitingTable::Remove(Job& job) {
  WaitingClass* from = job.waiting_class;
  if (!from) return;
  from->members.erase({!job.waits_in_front, job.id});
  job.waiting_class = nullptr;
  if (!from->members.empty()) return;
  if (newest_ == from) newest_ = nullptr;
  const auto queue = queues_.find(from->queue);
  const ClassKey key = from->key;
  queue->second.erase(key);
  if (queue->second.empty()) queues_.erase(queue);
}

WaitingTable::Classes* WaitingTable::ClassesOf(std::string_view queue) {
  const auto it = queues_.find(queue);
  return it == queues_.end() ? nullptr : &it->second;
}

const WaitingTable::Classes* WaitingTable::ClassesOf(std::string_view queue) const {
  const auto it = queues_.find(queue);
  return it == queues_.end() ? nullptr : &it->second;
}

}  // namespace bsub::sched
