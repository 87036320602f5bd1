// bsub-lite-snapshot DIRECTORY SEQUENCE: makes a snapshot of a journal from its closed segments, beside the
// running scheduler. Exit 0: it is there. Exit 1: it is not, and standard error says why. Exit 2: wrong use.
#include <charconv>
#include <cstdio>
#include <exception>
#include <string_view>

#include "scheduler/journal/posix_file_system.h"
#include "scheduler/journal/snapshot_maker.h"

namespace {

int Main(int argc, char** argv) {
  std::uint64_t until = 0;
  const std::string_view number = argc == 3 ? argv[2] : "";
  const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), until);
  if (error != std::errc() || stop != number.data() + number.size() || until == 0) {
    std::fprintf(
        stderr,
        "usage: bsub-lite-snapshot DIRECTORY SEQUENCE\n"
        "makes a snapshot of the journal in DIRECTORY after SEQUENCE, the last of a closed segment\n");
    return 2;
  }
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
