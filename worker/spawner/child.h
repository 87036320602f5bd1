// From the spawner's process to the user's program: everything between fork and exec.
//
// A plan is made before the fork. The child then makes itself a session, joins its control group, becomes the
// user, goes to the working directory, opens its output, and executes. Whatever fails is told to the spawner
// as one line for the job's owner.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/bsub/v1/launch.pb.h"
#include "common/result.h"

namespace bsub::spawner {

struct OutputPlan {
  bool in_spool = false;  // path is relative to the state directory; opened before becoming the user
  std::string path;       // empty (standard error only): goes where standard output goes
};

struct RlimitPlan {
  int resource = 0;
  rlimit value{};
  std::string name;
};

struct ChildPlan {
  std::vector<std::string> argv;
  std::vector<std::string> env;
  std::string cwd;
  mode_t umask = 022;
  std::vector<RlimitPlan> limits;
  std::vector<std::uint32_t> cpus;
  std::string cgroup_join_file;

  bool change_user = false;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string user_name;
  std::string saves_to;     // made before the program starts, as the user; empty: nowhere
  bool needs_home = false;  // the environment lacks HOME: to be asked for in the child

  OutputPlan out;
  OutputPlan err;
  int state_dir = -1;                          // descriptor
  gid_t spool_group = static_cast<gid_t>(-1);  // may read spooled output; -1: leave
};

// Of a user; empty: not known. Asks name services, which may take their time or hang: not for the spawner
// once it serves tasks.
std::string HomeOf(uid_t uid);

// InvalidArgument for a name that setrlimit(2) does not know.
Result<std::vector<RlimitPlan>> PlanLimits(const v1::Launch& launch);

inline constexpr int kReportFd = 3;  // where the socket to the spawner is put, behind the standard three

// In the child, after fork. `spawner`: the socket to it (witness_words.h), which exec closes. Nothing is said
// on success; otherwise why there was no start, and the process ends. `executes` is true from the moment that
// the program is executed. `why_not` is asked right before it is; empty: it may be.
[[noreturn]] void RunChild(const ChildPlan& plan, int spawner, std::atomic<bool>& executes,
                           const std::function<std::string()>& why_not);

// A reason with a next step for an exec that failed with `error`.
std::string ExplainExecFailure(const ChildPlan& plan, int error);

}  // namespace bsub::spawner
