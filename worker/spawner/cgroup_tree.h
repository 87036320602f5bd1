// Control groups for tasks: a memory limit, a certain kill, and whether the limit was hit. cgroups(7).
//
// One interface, three trees: the unified one (v2), v1's memory controller, and none. Detection tries what it
// would do and says in words what will be enforced. Roots are parameters, so that tests can use plain
// directories.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub::spawner {

class CgroupTree {
 public:
  virtual ~CgroupTree() = default;

  virtual bool LimitsMemory() const = 0;
  // "cgroup v1 memory controller", "none: …".
  virtual std::string Describe() const = 0;

  // `mem_bytes` 0: no limit. Names are ours: no slashes.
  virtual Status Create(const std::string& name, std::int64_t mem_bytes) = 0;
  // The child writes "0" to this file to move itself.
  virtual std::string JoinFile(const std::string& name) const = 0;
  virtual void KillAll(const std::string& name) = 0;
  virtual std::vector<pid_t> Members(const std::string& name) const = 0;
  virtual bool HitMemoryLimit(const std::string& name) const = 0;
  virtual Status Remove(const std::string& name) = 0;
  // Groups that stand in the tree: after a crash, those of the spawner before.
  virtual std::vector<std::string> List() const = 0;
  // The group that ours are in, at the spawner's end. An error if one of them is there.
  virtual Status RemoveTree() = 0;
};

// `base`: an existing directory of the unified tree in which this process may make groups; ours go to
// base/own_name.
Result<std::unique_ptr<CgroupTree>> OpenUnifiedTree(const std::string& base, const std::string& own_name);
// The same in a directory of v1's memory controller.
Result<std::unique_ptr<CgroupTree>> OpenMemoryV1Tree(const std::string& base, const std::string& own_name);
std::unique_ptr<CgroupTree> NoCgroups(std::string why);

// Where this process is: directories in mounted trees, from /proc/self/cgroup and /proc/self/mountinfo.
struct CgroupPlaces {
  std::string unified;
  std::string memory_v1;
};
CgroupPlaces FindCgroupPlaces(std::string_view self_cgroup, std::string_view mountinfo);

// The best tree this process may use; never fails, NoCgroups says why nothing better.
std::unique_ptr<CgroupTree> DetectCgroups(const std::string& own_name);

}  // namespace bsub::spawner
