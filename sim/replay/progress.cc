#include "sim/replay/progress.h"

#include <algorithm>
#include <ostream>

namespace bsub::sim {

std::string ReplayProgressLine(std::size_t done, std::size_t total, int columns) {
  const std::string counts = " " + std::to_string(done) + "/" + std::to_string(total) + " jobs";
  const int room = std::min(columns - 1, 79) - static_cast<int>(counts.size()) - 2;
  if (room < 4) return counts.substr(1);
  const auto width = static_cast<std::size_t>(room);
  const std::size_t filled = total == 0 ? width : width * done / total;
  std::string bar(filled, '=');
  if (filled < width) bar += '>';
  bar.resize(width, ' ');
  return "[" + bar + "]" + counts;
}

void ReplayProgress::Show(std::size_t done) {
  const int permille = total_ == 0 ? 1000 : static_cast<int>(done * 1000 / total_);
  if (columns_ == 0 || permille == shown_permille_) return;
  shown_permille_ = permille;
  out_ << '\r' << ReplayProgressLine(done, total_, columns_) << std::flush;
}

ReplayProgress::~ReplayProgress() {
  if (shown_permille_ >= 0)
    out_ << '\r' << std::string(static_cast<std::size_t>(columns_ - 1), ' ') << '\r' << std::flush;
}

}  // namespace bsub::sim
