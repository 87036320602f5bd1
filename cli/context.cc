#include "cli/context.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace bsub::cli {

std::string Context::Variable(std::string_view name) const {
  for (const std::string& entry : environment) {
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
      return entry.substr(name.size() + 1);
    }
  }
  return "";
}

namespace {

int ColumnsOf(int descriptor) {
  winsize size{};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Terminal FindTerminal() {
  Terminal terminal;
  terminal.in = isatty(STDIN_FILENO) == 1;
  terminal.out = isatty(STDOUT_FILENO) == 1;
  terminal.err = isatty(STDERR_FILENO) == 1;
  if (terminal.err) terminal.err_columns = ColumnsOf(STDERR_FILENO);
  if (!terminal.out) return terminal;
  terminal.columns = ColumnsOf(STDOUT_FILENO);
  const char* no_color = std::getenv("NO_COLOR");
  terminal.colour = no_color == nullptr || *no_color == '\0';
  return terminal;
}

}  // namespace bsub::cli
