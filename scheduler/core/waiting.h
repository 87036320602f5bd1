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

#include "common/ids.h"
#include "jobs/resources.h"
#include "scheduler/core/choose_nodes.h"
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
  friend auto operator<=>(const WaitingMember&, const WaitingMember&) = default;
};

struct WaitingClass {
  std::string queue;
  ClassKey key;
  std::set<WaitingMember> members;
};

class WaitingTable {
 public:
  using Classes = std::map<ClassKey, WaitingClass>;

  // Puts the job where it belongs now, or takes it out; called after every change of it.
  void Update(Job& job);
  // Before the job's priority changes or it goes away.
  void Remove(Job& job);

  // Whether time limits tell the classes of a queue apart; `jobs`: all there are.
  void SetByWalltime(const std::string& queue, bool by_walltime, std::map<JobId, Job>& jobs);
  // Where the job waits or would wait.
  ClassKey KeyOf(const Job& job) const;

  // Null if nothing of the queue waits for a node.
  Classes* ClassesOf(std::string_view queue);
  const Classes* ClassesOf(std::string_view queue) const;
  bool empty() const { return queues_.empty(); }

 private:
  WaitingClass& ClassOf(const Job& job);
  Duration WalltimeOf(const JobSettings& settings) const;
  bool IsOf(const WaitingClass& waiting, const Job& job) const;

  std::map<std::string, Classes, std::less<>> queues_;
  std::set<std::string, std::less<>> by_walltime_;  // queues
  WaitingClass* newest_ = nullptr;                  // the next job is likely to be of the same
};

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
