// Files of the spool that wait for a task's output, one for each slot (task_slots.h).
//
// Most short tasks write nothing, and to make a file for each costs as much as running it (task_slots.h says
// why). So a task writes to the file of its slot, which gets the name of the attempt once there is something
// in it, or the task has run for a moment (--output-look); one that is still empty at the end waits for the
// next task of that user. A job's folder in the spool is made in any case: an attempt without a file in it
// has written nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "common/result.h"
#include "worker/core/attempt_key.h"
#include "worker/spawner/child.h"

namespace bsub::spawner {

class SpareOutputs {
 public:
  // `state_dir`: descriptor. Other files of this kind that are in it are in the way, see ClaimOutput.
  explicit SpareOutputs(int state_dir) : state_dir_(state_dir) {}

  // An empty file of the user that `plan` names, and the folder of its job. Returns its path, relative to the
  // state directory.
  Result<std::string> Prepare(std::uint32_t slot, const worker::AttemptKey& key, const ChildPlan& plan);
  // Gives the file the attempt's name, which is returned. It may be written to all the while.
  Result<std::string> Name(std::uint32_t slot, const worker::AttemptKey& key);

  // Whether the file of the slot has nothing in it.
  bool IsEmpty(std::uint32_t slot) const;

 private:
  Status MakeFolder(const worker::AttemptKey& key, const ChildPlan& plan);

  int state_dir_;
  std::unordered_map<std::uint32_t, uid_t> owners_;  // of the files that are there, by slot
  JobId newest_folder_;
};

// After the death of a spawner: what the task in this slot has written gets the attempt's name.
void ClaimOutput(int state_dir, std::uint32_t slot, const worker::AttemptKey& key);
// Then: files that are left are deleted, or, if there is something in one, put aside with a line in the log.
void ClearSpareOutputs(int state_dir);

}  // namespace bsub::spawner
