// The program's end of the control directory. Without one (no scheduler) nobody asks for anything and nobody
// is told.
#pragma once

#include <string>

#include "checkpoint/control/page.h"
#include "checkpoint/control/report.h"

namespace bsub::ckpt {

// Of the machine the program runs on, for people.
std::string HostName();

class Node {
 public:
  // `directory`: BSUB_CONTROL_DIR, "" for none. A page that cannot be read is as none.
  explicit Node(std::string directory);

  control::PageState Read();
  // A report that cannot be written is lost: the program's state is more than the node's knowledge of it.
  void Tell(control::Report report);
  // Whether a program of this attempt has told that it opened this store. Reads all that was told.
  bool WasOpened(const std::string& store) const;

 private:
  std::string directory_;
  control::PageReader page_;
};

}  // namespace bsub::ckpt
