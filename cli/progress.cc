#include "cli/progress.h"

#include <algorithm>
#include <ostream>

#include "common/time.h"

namespace bsub::cli {
namespace {

constexpr int kWidestBar = 40;

std::uint64_t CountOf(const bsub::v1::WaitReply& reply, const char* state) {
  const auto it = reply.counts().find(state);
  return it == reply.counts().end() ? 0 : it->second;
}

}  // namespace

std::string ProgressLine(const bsub::v1::WaitReply& counts, std::chrono::seconds elapsed, int columns) {
  const std::uint64_t failed = CountOf(counts, "FAILED");
  const std::uint64_t over = CountOf(counts, "SUCCEEDED") + failed;
  const std::uint64_t total = std::max<std::uint64_t>(counts.total(), 1);
  std::string text = " " + std::to_string(over) + "/" + std::to_string(counts.total()) + " done";
  if (failed > 0) text += ", " + std::to_string(failed) + " failed";
  const std::uint64_t live = CountOf(counts, "RUNNING") + CountOf(counts, "STARTING");
  text += ", " + std::to_string(live) + " running, " + FormatDuration(elapsed);
  const int room = std::min(kWidestBar, columns - 1 - static_cast<int>(text.size()) - 2);
  if (room < 5) return text.substr(1, static_cast<std::size_t>(std::max(columns - 1, 0)));
  const auto filled =
      static_cast<std::size_t>(static_cast<std::uint64_t>(room) * std::min(over, total) / total);
  std::string bar(filled, '=');
  if (over < total) bar += '>';
  bar.resize(static_cast<std::size_t>(room), ' ');
  return "[" + bar + "]" + text;
}

void ProgressBar::Show(const bsub::v1::WaitReply& counts) {
  if (columns_ <= 0 || counts.total() == 0) return;
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start_);
  std::string line = ProgressLine(counts, elapsed, columns_);
  if (line == shown_) return;
  const std::size_t rest = shown_.size() > line.size() ? shown_.size() - line.size() : 0;
  out_ << '\r' << line << std::string(rest, ' ') << std::flush;
  shown_ = std::move(line);
}

void ProgressBar::Finish(const bsub::v1::WaitReply& counts) {
  Show(counts);
  if (!shown_.empty()) out_ << std::endl;
  shown_.clear();
}

void ProgressBar::Clear() {
  if (!shown_.empty()) out_ << '\r' << std::string(shown_.size(), ' ') << '\r' << std::flush;
  shown_.clear();
}

}  // namespace bsub::cli
