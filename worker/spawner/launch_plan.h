// From a signed launch to a plan for a child process: who may start what, and where everything is.
#pragma once

#include <optional>
#include <string>

#include "api/bsub/v1/spawner.pb.h"
#include "common/result.h"
#include "worker/core/attempt_key.h"
#include "worker/launch/launch_proof.h"
#include "worker/launch/mpi_environment.h"
#include "worker/spawner/child.h"
#include "worker/spawner/machine_facts.h"

namespace bsub::spawner {

// What this spawner may do.
struct LaunchRules {
  const worker::LaunchKey* key = nullptr;  // null: no proofs; then only tasks of `own_uid`
  uid_t own_uid = 0;
  bool can_change_user = false;
  std::string node;  // empty: any
  std::string state_path;
  int state_dir = -1;                          // descriptor of the same
  gid_t spool_group = static_cast<gid_t>(-1);  // of files in the spool; the agent's
  std::string marker_prefix;                   // "state-id:", or "outer-marker;state-id:"
  std::string own_home;                        // of `own_uid`, for a task without HOME
  std::string scratch_path;                    // where MPI jobs' directories are (scratch_dirs.h)
  bool binds_cpus = false;                     // tasks that ask for whole CPUs get CPUs of their own
  worker::MpiFacts machine;                    // what is the same for all of them
  std::string rdma_devices = kRdmaDevices;     // looked at for each
};

struct PlannedLaunch {
  v1::Launch launch;
  worker::AttemptKey key;
  std::string task_name;  // "12.0.1.7": attempt and incarnation; names its script, control group and marker
  std::string marker;
  std::string script_path;  // empty: none
  // Of a job that may start ranks, or has more nodes than variables hold: its directory on this node, and the
  // files that are put into it.
  std::string scratch;
  std::vector<std::pair<std::string, std::string>> scratch_files;  // name, content
  std::string control_dir;                                         // empty: none, the program does not save
  ChildPlan child;
  bool own_out = false;  // the user named the file; a link stands in the spool
  bool own_err = false;
};

worker::AttemptKey KeyOf(const v1::AttemptKey& wire);
void ToWire(const worker::AttemptKey& key, v1::AttemptKey* wire);

// Verifies, parses and plans; touches no file. The error is a line for the job's owner.
Result<PlannedLaunch> PlanLaunch(const v1::spawner::StartTask& start, const LaunchRules& rules);

}  // namespace bsub::spawner
