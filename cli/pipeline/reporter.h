// Where a run's news goes.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "cli/pipeline/progress.h"

namespace bsub::cli {

class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void Line(const std::string& text) = 0;  // stays
  virtual void Progress(const std::vector<StepProgress>& steps) = 0;
};

// Lines only: for files and pipes.
class PlainReporter : public Reporter {
 public:
  explicit PlainReporter(std::ostream& out) : out_(out) {}
  void Line(const std::string& text) override;
  void Progress(const std::vector<StepProgress>&) override {}

 private:
  std::ostream& out_;
};

// Lines scroll by above a block of progress lines that is drawn over and over at the bottom.
class TerminalReporter : public Reporter {
 public:
  explicit TerminalReporter(std::ostream& out) : out_(out) {}
  void Line(const std::string& text) override;
  void Progress(const std::vector<StepProgress>& steps) override;

 private:
  void Erase();
  void Draw();

  std::ostream& out_;
  std::vector<std::string> lines_;  // of the block
  std::size_t drawn_ = 0;           // lines of it on the screen
};

}  // namespace bsub::cli
