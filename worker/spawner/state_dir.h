// The spawner's directory: one spawner at a time, an id that marks its tasks, and the places of their files.
//
//   lock  state-id  tasks.log  spawner.sock  scripts/  output/  control/  spare/  task-slots
#pragma once

#include <string>

#include "common/result.h"
#include "worker/launch/unique_fd.h"

namespace bsub::spawner {

class StateDir {
 public:
  // Makes the directory if need be and takes the lock; FailedPrecondition names the process that has it.
  // `open_to_users`: tasks of other users must be able to reach their script.
  static Result<StateDir> Open(const std::string& path, bool open_to_users);

  const std::string& path() const { return path_; }  // absolute
  int fd() const { return fd_.get(); }
  const std::string& id() const { return id_; }  // random, the same for the life of the directory
  std::string LogPath() const { return path_ + "/tasks.log"; }
  std::string SlotsPath() const { return path_ + "/task-slots"; }
  std::string ControlDir() const { return path_ + "/control"; }
  std::string ScriptDir() const { return path_ + "/scripts"; }

 private:
  StateDir() = default;
  Status TakeLock();
  Status LoadId();

  std::string path_;
  worker::UniqueFd fd_;
  worker::UniqueFd lock_;  // a POSIX record lock: unlike flock(2) not shared with forked children
  std::string id_;
};

}  // namespace bsub::spawner
