// bsub-lite-sim: what `bsub-lite sim` runs.
#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "sim/replay/replay_command.h"

namespace {

int ColumnsOfStandardError() {
  winsize size{};
  if (isatty(STDERR_FILENO) == 0 || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "replay") {
    const int code = bsub::sim::ReplayCommand({words.begin() + 1, words.end()}, std::cout, std::cerr,
                                              ColumnsOfStandardError());
    if (code == 0 && !std::cout.flush()) {
      std::cerr << "bsub-lite sim replay: standard output cannot be written" << std::endl;
      return 1;
    }
    return code;
  }
  std::cerr << "usage: bsub-lite sim replay LOG [OPTION ...]; bsub-lite sim replay --help shows them"
            << std::endl;
  return 2;
}
