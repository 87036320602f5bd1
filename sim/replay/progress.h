// How far a replay has come: one line on a terminal.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

namespace bsub::sim {

class ReplayProgress {
 public:
  // `columns` 0: draws nothing.
  ReplayProgress(std::ostream& out, int columns, std::size_t total)
      : out_(out), columns_(columns), total_(total) {}
  ~ReplayProgress();
  ReplayProgress(const ReplayProgress&) = delete;
  ReplayProgress& operator=(const ReplayProgress&) = delete;

  void Show(std::size_t done);

 private:
  std::ostream& out_;
  const int columns_;
  const std::size_t total_;
  int shown_permille_ = -1;
};

// "[=====>    ] 12345/28481 jobs"
std::string ReplayProgressLine(std::size_t done, std::size_t total, int columns);

}  // namespace bsub::sim
