// Journal entries as events for people and programs: one line of text and the facts behind it.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "api/bsub/v1/scheduler.pb.h"
#include "jobs/array_spec.h"
#include "scheduler/core/entry.h"
#include "scheduler/core/state.h"

namespace bsub::rpc {

// The names that entries leave out because the state holds them: indexes of children, names of nodes. Fed
// with every entry in order, so that any entry that was seen before can be told in full. Any thread.
class NameBook {
 public:
  void Load(const sched::State& state);
  void Learn(const sched::JournalEntry& entry);
  std::string Task(const sched::TaskRef& task) const;  // "12" or "12[17]"
  std::string Range(JobId job, const sched::OrdinalRange& range) const;
  std::string Node(NodeId node) const;

 private:
  mutable std::mutex mutex_;
  std::map<JobId, ArraySpec> arrays_;
  std::map<NodeId, std::string> nodes_;
};

v1::Event TranslateEvent(const sched::JournalEntry& entry, const NameBook& names);

}  // namespace bsub::rpc
