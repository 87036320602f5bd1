// One line on a terminal that shows how far a set of tasks has come.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>

#include "api/bsub/v1/scheduler.pb.h"

namespace bsub::cli {

// "[=======>      ] 5120/10000 done, 3 failed, 200 running, 1m 04s", at most `columns` - 1 wide.
std::string ProgressLine(const bsub::v1::WaitReply& counts, std::chrono::seconds elapsed, int columns);

class ProgressBar {
 public:
  // `columns` 0: draws nothing.
  ProgressBar(std::ostream& out, int columns) : out_(out), columns_(columns) {}
  void Show(const bsub::v1::WaitReply& counts);
  void Finish(const bsub::v1::WaitReply& counts);  // draws the last state and leaves it on the screen
  void Clear();

 private:
  std::ostream& out_;
  int columns_;
  std::string shown_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace bsub::cli
