// Jobs that wait for a node, grouped so that a scheduling cycle costs what the number of *kinds* of request
// costs, not the number of jobs.
//
// Jobs of one queue, priority, user, share and request form a class: if the first of them cannot start for
// want of capacity or by a limit, neither can the others. Inside a class retried jobs go first, then by id
// (submission order). An array waits as one member, whatever its size. Where a queue goes by time limits, so
// do its classes.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "common/ids.h"
#include "jobs/resources.h"
#include "scheduler/core/choose_nodes.h"
#include "scheduler/core/served_index.h"
#include "scheduler/core/state.h"

namespace bsub::sched {

struct ClassKey {
  std::int32_t priority = 0;
  std::uint32_t uid = 0;
  std::string share;
  NodesRequest request;
  Duration walltime{};  // zero: none, or it makes no difference in this queue
  friend auto operator<=>(const ClassKey&, const ClassKey&) = default;
};

struct WaitingMember {
  bool normal = true;  // false sorts first: retried
  JobId job;
  const Job* of = nullptr;  // no part of the order
  TimePoint since{};        // as of when it came; only where the queue's order asks for it, and no part of it
  friend auto operator<=>(const WaitingMember& a, const WaitingMember& b) {
    return std::pair(a.normal, a.job) <=> std::pair(b.normal, b.job);
  }
  friend bool operator==(const WaitingMember& a, const WaitingMember& b) { return (a <=> b) == 0; }
};

// Since when a member waits.
struct LongWait {
  TimePoint since;
  JobId job;
  const Job* of = nullptr;  // no part of the order
  friend bool operator<(const LongWait& a, const LongWait& b) {
    return std::pair(a.since, a.job) < std::pair(b.since, b.job);
  }
};

struct QueueWaiting;

struct WaitingClass {
  std::string queue;
  ClassKey key;
  std::set<WaitingMember> members;
  WaitingMember listed{};  // the first member, as the queue's orders know it; `of` null: they do not
  QueueWaiting* in = nullptr;
  std::set<LongWait> by_wait{};  // all members, where the queue's order asks for it; else none
};

// What a queue's policy asks of the order of its classes.
struct WaitingOrder {
  bool by_walltime = false;     // time limits tell them apart
  bool shortest_first = false;  // and some are tried by them
  bool by_wait = false;         // who has waited too long goes before the first of its class
  friend bool operator==(const WaitingOrder&, const WaitingOrder&) = default;
};

// What waits in one queue.
struct QueueWaiting {
  std::map<ClassKey, WaitingClass> classes;
  WaitingOrder order;
  ServedIndex in_order;
  ServedIndex shortest_first;
};

class WaitingTable {
 public:
  using Classes = std::map<ClassKey, WaitingClass>;
  using Members = std::set<WaitingMember>;

  // Puts the job where it belongs now, or takes it out; called after every change of it.
  void Update(Job& job);
  // Before the job's priority changes or it goes away.
  void Remove(Job& job);

  // `jobs`: all there are.
  void SetOrder(const std::string& queue, const WaitingOrder& order, IdMap<JobId, Job>& jobs);
  // The queue is deleted.
  void Forget(const std::string& queue);
  // Where the job waits or would wait.
  ClassKey KeyOf(const Job& job) const;

  // Null if nothing of the queue waits for a node.
  Classes* ClassesOf(std::string_view queue);
  const Classes* ClassesOf(std::string_view queue) const;
  // The same by priority, then as they came: the order of kPriority. Null if nothing of the queue has waited
  // yet; where it is stays for as long as there is the queue.
  const ServedIndex* InOrder(std::string_view queue) const;
  // By priority, then by time limit; only of a queue whose order says so.
  const ServedIndex* ShortestFirst(std::string_view queue) const;

 private:
  const QueueWaiting* Find(std::string_view queue) const;
  WaitingClass& ClassOf(const Job& job);
  WaitingClass& MakeClass(QueueWaiting& in, Classes::iterator before, ClassKey key);
  void AddMember(WaitingClass& waiting, const WaitingMember& member);
  // Its first member, or which one that is, has changed.
  void List(WaitingClass& waiting);
  QueueWaiting& QueueOf(const std::string& queue);
  WaitingOrder OrderOf(std::string_view queue) const;

  using Queues = std::map<std::string, QueueWaiting, std::less<>>;
  Queues queues_;
  Queues::iterator newest_queue_ = queues_.end();            // the next job is likely to be of the same
  std::map<std::string, WaitingOrder, std::less<>> orders_;  // but those that ask for nothing
  WaitingClass* newest_ = nullptr;                           // and of the same class
  // The last that went, used again: where little waits each job makes a class, is its only member and starts.
  Classes::node_type spare_class_;
  Members::node_type spare_member_;
};

WaitingOrder WaitingOrderOf(const Queue& queue);

// May the job, or some child of it, start as far as the job itself is concerned?
bool WaitsForNode(const Job& job);
bool InFront(const Job& job);
// The next task of a job that WaitsForNode.
std::uint32_t NextTask(const Job& job);
// From when on it counts how long a job has waited: it was submitted, a plain one came back, or was to begin.
TimePoint WaitsSince(const Job& job);
// What a job asks for at `now`.
NodesRequest RequestNow(const Job& job, TimePoint now);

}  // namespace bsub::sched
