// Takes old output out of the node's spool, a few jobs at a time: nobody else removes it, and a node lives
// long.
//
// The folder of a job goes when nothing in it was written for the whole retention and no task of the job is
// known here. A pass over all folders takes many steps; between two passes there is a pause, so that an idle
// node sleeps.
#pragma once

#include <dirent.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/ids.h"

namespace bsub::spawner {

struct SweepSettings {
  std::int64_t retention_us = 0;  // 0: output stays for ever
  std::int64_t step_us = 0;       // between two steps of a pass
  std::size_t folders = 0;        // looked at in one step
};

class OutputSweep {
 public:
  // `spool`: descriptor of the spawner's state directory, which stays open.
  OutputSweep(SweepSettings settings, int spool) : settings_(settings), spool_(spool) {}

  using InUse = std::function<bool(JobId)>;
  // `now_us` is that of files' times. Returns how many jobs' folders it removed.
  std::size_t Step(std::int64_t now_us, const InUse& in_use);
  // How long after a step the next one is due; 0: never.
  std::int64_t PauseUs() const;

 private:
  bool Remove(const char* name, std::int64_t before_us, const InUse& in_use);

  struct Close {
    void operator()(DIR* dir) const { closedir(dir); }
  };
  using Folder = std::unique_ptr<DIR, Close>;
  static Folder OpenFolder(int parent, const char* name);

  SweepSettings settings_;
  int spool_;
  Folder pass_;  // where a pass is; none between two
};

}  // namespace bsub::spawner
