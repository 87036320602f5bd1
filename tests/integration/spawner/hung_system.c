// Loaded into a spawner by LD_PRELOAD: the file system below BSUB_TEST_HUNG_DIR does not answer, nor does the
// name service when it is asked for user BSUB_TEST_HUNG_UID. Whoever asks waits until it is killed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void HangIfBelow(int fd) {
  const char* directory = getenv("BSUB_TEST_HUNG_DIR");
  char link[64];
  char path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (!directory || size < 0) return;
  path[size] = 0;
  while (strncmp(path, directory, strlen(directory)) == 0) pause();
}

int fstatvfs(int fd, struct statvfs* info) {
  HangIfBelow(fd);
  return ((int (*)(int, struct statvfs*))dlsym(RTLD_NEXT, "fstatvfs"))(fd, info);
}

int fstatvfs64(int fd, struct statvfs64* info) {
  HangIfBelow(fd);
  return ((int (*)(int, struct statvfs64*))dlsym(RTLD_NEXT, "fstatvfs64"))(fd, info);
}

struct passwd* getpwuid(uid_t uid) {
  const char* hung = getenv("BSUB_TEST_HUNG_UID");
  while (hung && uid == (uid_t)atoll(hung)) pause();
  return ((struct passwd * (*)(uid_t)) dlsym(RTLD_NEXT, "getpwuid"))(uid);
}
