// Control groups of tasks that are over, until they are gone.
//
// A group whose last process has just died may be busy for a moment more. It is tried again a few times, with
// pauses that double; one that is still busy then is left to the next spawner, which clears all there are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "worker/spawner/cgroup_tree.h"

namespace bsub::spawner {

class EndedGroups {
 public:
  // The first pause is `again_us` long. Times are CLOCK_BOOTTIME, microseconds.
  EndedGroups(CgroupTree& tree, std::int64_t again_us) : tree_(&tree), again_us_(again_us) {}

  void Remove(std::string name, std::int64_t now_us);
  void Keep(std::string_view name);    // it is used again: its task starts anew
  void TryAgain(std::int64_t now_us);  // those whose pause is over
  std::int64_t NextTry() const;        // 0: never

 private:
  struct Busy {
    std::string name;
    std::int64_t pause_us, again_at_us;
  };
  // False: it is tried again later.
  bool IsDone(Busy& group, std::int64_t now_us);

  CgroupTree* tree_;
  std::int64_t again_us_;
  std::vector<Busy> busy_;
};

}  // namespace bsub::spawner
