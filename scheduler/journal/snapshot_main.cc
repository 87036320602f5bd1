// bsub-lite-snapshot DIRECTORY SEQUENCE [PARENT [NICE]]: makes a snapshot of a journal from its closed
// segments, beside the running scheduler. Exit 0: it is there. Exit 1: it is not, and standard error says
// why. Exit 2: wrong use.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <string_view>

#include "scheduler/journal/posix_file_system.h"
#include "scheduler/journal/snapshot_maker.h"

namespace {

bool ParseNumber(std::string_view text, std::uint64_t* number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && stop == text.data() + text.size() && *number != 0;
}

// The next scheduler removes what is half made and begins a helper of its own: one of before must not go on
// writing beside it. True if the parent is there.
bool EndWith(std::uint64_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return static_cast<std::uint64_t>(getppid()) == parent;
}

int Main(int argc, char** argv) {
  std::uint64_t until = 0, parent = 0, nice = 0;
  const bool understood = argc >= 3 && argc <= 5 && ParseNumber(argv[2], &until) &&
                          (argc < 4 || ParseNumber(argv[3], &parent)) &&
                          (argc < 5 || std::string_view(argv[4]) == "0" || ParseNumber(argv[4], &nice));
  if (!understood) {
    std::fprintf(
        stderr,
        "usage: bsub-lite-snapshot DIRECTORY SEQUENCE [PARENT [NICE]]\n"
        "makes a snapshot of the journal in DIRECTORY after SEQUENCE, the last of a closed segment;\n"
        "ends when the process PARENT, which must be the one that started it, ends; runs with nice value "
        "NICE\n");
    return 2;
  }
  if (parent != 0 && !EndWith(parent)) return 1;
  setpriority(PRIO_PROCESS, 0, static_cast<int>(std::min<std::uint64_t>(nice, 19)));
  bsub::journal::PosixFileSystem files;
  const auto made = bsub::journal::MakeSnapshot(files, argv[1], until);
  if (!made) {
    std::fprintf(stderr, "bsub-lite-snapshot: %s\n", made.error().message.c_str());
    return 1;
  }
  std::printf("snapshot sequence=%llu jobs=%llu replayed=%llu state_hash=%016llx\n",
              static_cast<unsigned long long>(made->sequence), static_cast<unsigned long long>(made->jobs),
              static_cast<unsigned long long>(made->entries_replayed),
              static_cast<unsigned long long>(made->state_hash));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bsub-lite-snapshot: %s\n", e.what());
    return 1;
  }
}
