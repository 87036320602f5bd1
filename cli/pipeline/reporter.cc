#include "cli/pipeline/reporter.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <ostream>

namespace bsub::cli {
namespace {

struct Screen {
  std::size_t width = 80;
  std::size_t height = 24;
};

Screen FindScreen() {
  winsize size{};
  Screen screen;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    screen = {size.ws_col, size.ws_row};
  }
  return screen;
}

}  // namespace

void PlainReporter::Line(const std::string& text) { out_ << text << std::endl; }

void TerminalReporter::Line(const std::string& text) {
  Erase();
  out_ << text << '\n';
  Draw();
}

void TerminalReporter::Progress(const std::vector<StepProgress>& steps) {
  const Screen screen = FindScreen();
  std::vector<std::string> lines = ProgressLines(steps, screen.width - 1, screen.height - 1);
  if (lines == lines_) return;
  Erase();
  lines_ = std::move(lines);
  Draw();
}

// "Cursor up n lines, clear to the end of the screen" (ECMA-48 CUU and ED).
void TerminalReporter::Erase() {
  if (drawn_ > 0) out_ << "\x1b[" << drawn_ << "A\x1b[J";
  drawn_ = 0;
}

void TerminalReporter::Draw() {
  for (const std::string& line : lines_) out_ << line << '\n';
  drawn_ = lines_.size();
  out_.flush();
}

}  // namespace bsub::cli
