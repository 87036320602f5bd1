#include "scheduler/rpc/wait_hub.h"

#include <utility>

#include "scheduler/core/entry_subjects.h"

namespace bsub::rpc {

WaitHub::WaitHub(EventFeed& feed) : feed_(feed) {
  subscription_ = feed_.Subscribe([this](const EntryBatch& batch) { Look(batch); }).first;
}

WaitHub::~WaitHub() { feed_.Unsubscribe(subscription_); }

WaitHub::WatchId WaitHub::Watch(const std::vector<JobId>& jobs, TouchedFn touched) {
  const std::lock_guard lock(mutex_);
  const WatchId id = next_id_++;
  for (const JobId job : jobs) by_job_[job].insert(id);
  watches_.emplace(id, Watched{jobs, std::move(touched)});
  return id;
}

void WaitHub::Unwatch(WatchId id) {
  const std::lock_guard lock(mutex_);
  const auto it = watches_.find(id);
  if (it == watches_.end()) return;
  for (const JobId job : it->second.jobs) {
    const auto watchers = by_job_.find(job);
    if (watchers == by_job_.end()) continue;
    watchers->second.erase(id);
    if (watchers->second.empty()) by_job_.erase(watchers);
  }
  watches_.erase(it);
}

void WaitHub::Look(const EntryBatch& batch) {
  const std::lock_guard lock(mutex_);
  if (watches_.empty()) return;
  std::map<WatchId, std::vector<JobId>> touched;
  for (const sched::JournalEntry& entry : *batch) {
    for (const JobId job : JobsOf(entry)) {
      const auto it = by_job_.find(job);
      if (it == by_job_.end()) continue;
      for (const WatchId id : it->second) touched[id].push_back(job);
    }
  }
  for (const auto& [id, jobs] : touched) watches_.at(id).touched(jobs);
}

}  // namespace bsub::rpc
