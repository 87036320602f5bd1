#include "worker/launch/rank_ends.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>

namespace bsub::worker {
namespace {

// A line begins with the digit of how much it says; the lowest says most.
constexpr char kNeverStarted = '0';
constexpr char kExited = '1';
constexpr char kSignalled = '2';
constexpr char kKilled = '3';
constexpr char kLost = '4';
constexpr char kTerminated = '5';

char DigitOf(int signal) {
  if (signal == SIGKILL) return kKilled;
  return signal == SIGTERM ? kTerminated : kSignalled;
}

std::string Line(char digit, std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return std::string(1, digit) + " " + text + "\n";
}

}  // namespace

std::string RankEndLine(std::string_view rank, std::string_view node, int wait_status) {
  const std::string who = "rank " + std::string(rank) + " on node " + std::string(node) + " ";
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    const char* name = sigabbrev_np(signal);
    const std::string text = "was ended by signal " + std::to_string(signal);
    return Line(DigitOf(signal), who + text + (name == nullptr ? "" : " (" + std::string(name) + ")"));
  }
  const int code = WEXITSTATUS(wait_status);
  return code == 0 ? "" : Line(kExited, who + "exited with code " + std::to_string(code));
}

std::string NeverStartedLine(std::string_view why) { return Line(kNeverStarted, std::string(why)); }

std::string LostNodeLine(std::string_view why) { return Line(kLost, std::string(why)); }

bool TellsOfFailure(std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    if (line.size() > 2 && line[0] >= kNeverStarted && line[0] < kKilled && line[1] == ' ') return true;
  }
  return false;
}

std::string ReasonFrom(std::string_view lines) {
  std::string_view best;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    if (line.size() < 3 || line[0] < kNeverStarted || line[0] > kTerminated || line[1] != ' ') continue;
    if (best.empty() || line[0] < best[0]) best = line;
  }
  return best.empty() ? "" : std::string(best.substr(2));
}

}  // namespace bsub::worker
