// What a killed spawner left running: found, killed and waited for before the next one registers, so that no
// attempt is ever alive twice.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/bsub/v1/spawner.pb.h"
#include "common/result.h"
#include "worker/spawner/cgroup_tree.h"
#include "worker/spawner/proc_fs.h"

namespace bsub::spawner {

struct Process {
  ProcStat stat;
  std::string marker;
};

// What to look for: the recorded processes of this boot, and everything marked with this state directory's
// id.
struct LeftoverSigns {
  std::vector<v1::spawner::LogRecord::Launched> recorded;
  std::string state_id;
  std::string task_mark{};  // "STATE-ID:TASK": only its control group and processes, not all of `state_id`
};

// Recorded main processes (same start time), members of their sessions, marked processes, and the descendants
// of all these. A session whose leader is gone is ours only if a member is marked: its number may have been
// given out anew.
std::set<pid_t> FindLeftovers(const std::vector<Process>& processes, const LeftoverSigns& signs, pid_t self);

// Kills leftovers until none is there. DeadlineExceeded names those that would not die by `deadline_us` from
// now. Returns how many were killed.
Result<int> KillLeftovers(const ProcFs& proc, CgroupTree& cgroups, const LeftoverSigns& signs,
                          std::int64_t deadline_us);

}  // namespace bsub::spawner
