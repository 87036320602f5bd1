/* Appends the time at which its first instruction ran (CLOCK_REALTIME, ns) to FILE. Static, so that no loader
 * comes before. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (argc != 2) return 2;
  const int fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600);
  char line[64];
  const int size = snprintf(line, sizeof line, "%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
  return fd >= 0 && write(fd, line, (size_t)size) == size ? 0 : 1;
}
