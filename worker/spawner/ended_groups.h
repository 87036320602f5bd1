// Control groups of tasks that are over, until they are gone.
//
// A group whose last process has just died may be busy for a moment more. It is tried again, with pauses that
// double up to some length, until it is gone. The spawner's end does not wait for one that stays busy: the
// next spawner clears all there are.
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
  bool ExpectsSoon() const;            // one that has not been busy for long, to be gone

 private:
  struct Busy {
    std::string name;
    std::int64_t pause_us, again_at_us;
  };
  // False: it is tried again later.
  bool IsDone(Busy& group, std::int64_t now_us);
  std::int64_t LongestPause() const;

  CgroupTree* tree_;
  std::int64_t again_us_;
  std::vector<Busy> busy_;
};

}  // namespace bsub::spawner
