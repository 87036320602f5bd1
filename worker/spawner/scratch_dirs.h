// Directories of attempts whose programs share memory or make files that are of no use once they are over: on
// a file system in memory, one per attempt that may start MPI ranks. They go with the attempt, however it
// ended.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace bsub::spawner {

class ScratchDirs {
 public:
  // `path`: made when the first is needed and gone after the last. `owner`: hands them over to their users.
  ScratchDirs(std::string path, bool owner) : path_(std::move(path)), owner_(owner) {}

  const std::string& path() const { return path_; }

  // Makes the directory, for its user alone, with these files (name, content) in it.
  Status Make(const std::string& name, uid_t uid, gid_t gid,
              const std::vector<std::pair<std::string, std::string>>& files);
  // Of a file there, up to 64 KiB; empty if there is none.
  std::string Read(const std::string& name, std::string_view file) const;
  void Remove(const std::string& name);
  // All of a spawner before, whose tasks are over.
  void Clear();

 private:
  Status MakeRoot();

  std::string path_;
  bool owner_;
};

// Removes a file or a whole tree; symbolic links are not followed. What cannot be removed stays.
void RemoveTree(int parent, const std::string& name);

}  // namespace bsub::spawner
