// The physical limit of acknowledging one thing durably at a time: 4 KiB appends into a preallocated file,
// each followed by fdatasync.
//
//   bench-append-sync DIRECTORY APPENDS      prints {"appends":…,"seconds":…,"per_second":…}
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  const int appends = argc == 3 ? std::atoi(argv[2]) : 0;
  if (appends < 1) {
    std::fprintf(stderr, "usage: bench-append-sync DIRECTORY APPENDS\n");
    return 2;
  }
  constexpr std::size_t kBytes = 4096;
  const std::string path = std::string(argv[1]) + "/append-sync.tmp";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || posix_fallocate(fd, 0, static_cast<off_t>(kBytes) * appends) != 0) {
    std::perror(path.c_str());
    return 1;
  }
  const std::vector<char> block(kBytes, 'x');
  bool good = fsync(fd) == 0;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; good && i < appends; ++i) {
    good = write(fd, block.data(), kBytes) == static_cast<ssize_t>(kBytes) && fdatasync(fd) == 0;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!good) std::perror(path.c_str());
  close(fd);
  unlink(path.c_str());
  if (good)
    std::printf("{\"appends\": %d, \"seconds\": %.4f, \"per_second\": %.0f}\n", appends, seconds,
                appends / seconds);
  return good ? 0 : 1;
}
