// bsub-lite-sim: what `bsub-lite sim` runs.
#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "sim/day/day_command.h"
#include "sim/replay/compare_command.h"
#include "sim/replay/replay_command.h"
#include "sim/replay/table_command.h"

namespace {

int ColumnsOfStandardError() {
  winsize size{};
  if (isatty(STDERR_FILENO) == 0 || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string verb = words.empty() ? "" : words.front();
  const std::vector<std::string> rest(words.begin() + (words.empty() ? 0 : 1), words.end());
  int code = 2;
  if (verb == "replay") {
    code = bsub::sim::ReplayCommand(rest, std::cout, std::cerr, ColumnsOfStandardError());
  } else if (verb == "compare") {
    code = bsub::sim::CompareCommand(rest, std::cout, std::cerr, ColumnsOfStandardError());
  } else if (verb == "day") {
    code = bsub::sim::DayCommand(rest, std::cout, std::cerr, ColumnsOfStandardError());
  } else if (verb == "table") {
    code = bsub::sim::TableCommand(rest, std::cout, std::cerr);
  } else {
    std::cerr
        << "usage: bsub-lite sim replay LOG [OPTION ...] | compare LOG ... | day --config FILE [OPTION ...] "
           "| table sc20 LOG; bsub-lite sim --help says more"
        << std::endl;
  }
  if (code == 0 && !std::cout.flush()) {
    std::cerr << "bsub-lite sim: standard output cannot be written" << std::endl;
    return 1;
  }
  return code;
}
