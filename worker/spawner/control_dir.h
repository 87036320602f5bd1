// The node's side of a task's control directory: docs/formats/control-directory.md. The directory belongs to
// the job's user, who may put anything there at any time; so each name in it is opened without following
// links, and the page is made while the directory is still the spawner's own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "checkpoint/control/page.h"
#include "common/result.h"
#include "worker/launch/unique_fd.h"
#include "worker/spawner/report_digest.h"

namespace bsub::spawner {

struct ControlOwner {
  bool change = false;  // to these two; otherwise it stays the spawner's user's
  uid_t uid = 0;
  gid_t gid = 0;
};

// In microseconds.
struct ControlTimes {
  std::int64_t interval_us = 0;           // that the job wants between saves; 0: its own choice
  std::int64_t mean_interruption_us = 0;  // expected between interruptions here; 0: unknown
  // Another node of the attempt may hear of a notice so much earlier, and all of it then begins to save.
  std::int64_t notice_skew_us = 0;
};

class ControlDir {
 public:
  // Makes it. One that is left from before is replaced. `store`: the task's own directory; empty: it has
  // none.
  static Result<std::unique_ptr<ControlDir>> Make(const std::string& path, const ControlOwner& owner,
                                                  const ControlTimes& times, const std::string& store = "");

  // Asks the program to save and to end: by the page, and by notice.json, which appears by rename. `reason`
  // is a word of the format's, `action` what happens to the node, if that is known and one of its words.
  Status Notice(std::string_view reason, std::int64_t remaining_us, std::string_view action = "");
  // Its node is likely to be taken away: asks it in the same way to save and to run on.
  Status AskToSave();
  // Nothing is asked any more.
  void Withdraw();
  // What the program has told until now. Reads what came since it was called last.
  SavedState ReadReport();
  // With all that is in it.
  void Remove();

 private:
  explicit ControlDir(std::string path) : path_(std::move(path)) {}
  Status WriteNotice(const std::string& text);

  std::string path_;
  control::PageWriter page_;
  std::int64_t skew_ns_ = 0;
  std::int64_t noticed_ns_ = 0;   // what was saved since then was saved for the notice; 0: there is none
  std::int64_t report_read_ = 0;  // bytes of the report that are in the digest
  ReportDigest digest_;
};

// All directories below `parent`: of tasks of a spawner before this one, which are dead.
void ClearControlDirs(const std::string& parent);

}  // namespace bsub::spawner
