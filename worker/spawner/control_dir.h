// The node's side of a task's control directory: docs/formats/control-directory.md. The directory belongs to
// the job's user, who may put anything there at any time; so each name in it is opened without following
// links.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "common/result.h"
#include "worker/launch/unique_fd.h"

namespace bsub::spawner {

struct ControlOwner {
  bool change = false;  // to these two; otherwise it stays the spawner's user's
  uid_t uid = 0;
  gid_t gid = 0;
};

// Makes it, with an empty report. One that is left from before is replaced.
Status MakeControlDir(const std::string& path, const ControlOwner& owner);

struct NoticeText {
  std::string reason;             // "interruption", "drain", "drill"
  std::int64_t remaining_us = 0;  // 0 at the least
};
// notice.json, by rename.
Status WriteNotice(const std::string& path, const NoticeText& notice);

// With all that is in it.
void RemoveControlDir(const std::string& path);
// All directories below `parent`: of tasks of a spawner before this one, which are dead.
void ClearControlDirs(const std::string& parent);

}  // namespace bsub::spawner
