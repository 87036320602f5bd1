// The node's side of a task's control directory: docs/formats/control-directory.md. The directory belongs to
// the job's user, who may put anything there at any time; so each name in it is opened without following
// links, and the page is made while the directory is still the spawner's own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "checkpoint/control/page.h"
#include "common/result.h"
#include "worker/launch/unique_fd.h"

namespace bsub::spawner {

struct ControlOwner {
  bool change = false;  // to these two; otherwise it stays the spawner's user's
  uid_t uid = 0;
  gid_t gid = 0;
};

// What the program has told of its state.
struct SavedState {
  std::uint64_t generation = 0;            // that it goes on from when it is started again; 0: none
  bool stopped = false;                    // it ended because it was asked to, and wants to go on elsewhere
  bool fell_back = false;                  // of one that stopped: it could not save what it had done last
  std::optional<std::int64_t> unsaved_us;  // since the newest commit; nothing: there was none
};

class ControlDir {
 public:
  // Makes it. One that is left from before is replaced. `interval_us`: that the job wants between saves; 0:
  // none.
  static Result<std::unique_ptr<ControlDir>> Make(const std::string& path, const ControlOwner& owner,
                                                  std::int64_t interval_us);

  // Asks the program to save and to end: by the page, and by notice.json, which appears by rename. `reason`
  // is a word of the format's.
  Status Notice(std::string_view reason, std::int64_t remaining_us);
  SavedState ReadReport() const;
  // With all that is in it.
  void Remove();

 private:
  explicit ControlDir(std::string path) : path_(std::move(path)) {}
  Status WriteNotice(std::string_view reason, std::int64_t remaining_us, std::int64_t deadline_ns);

  std::string path_;
  control::PageWriter page_;
};

// All directories below `parent`: of tasks of a spawner before this one, which are dead.
void ClearControlDirs(const std::string& parent);

}  // namespace bsub::spawner
