// Preloaded into a program under test; see misfortune.h.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/support/misfortune/misfortune.h"

namespace {

using bsub::testing::Misfortune;

Misfortune* Find() {
  const char* path = std::getenv(bsub::testing::kMisfortuneVariable);
  const int fd = path != nullptr ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return nullptr;
  void* shared = mmap(nullptr, sizeof(Misfortune), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return shared != MAP_FAILED ? static_cast<Misfortune*>(shared) : nullptr;
}

Misfortune* Shared() {
  static Misfortune* const shared = Find();
  return shared;
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// True, with errno set, if a call on `fd` is to fail.
bool Fails(int fd, std::atomic<int> Misfortune::*which) {
  Misfortune* shared = Shared();
  const int error = shared != nullptr ? (shared->*which).load() : 0;
  if (error == 0) return false;
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = '\0';
  if (std::strstr(path, shared->path_part) == nullptr) return false;
  ++shared->errors_met;
  errno = error;
  return true;
}

ssize_t Write(int fd, const void* bytes, size_t length, off_t offset) {
  static auto* const next = Next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return Fails(fd, &Misfortune::write_error) ? -1 : next(fd, bytes, length, offset);
}

int Reserve(int fd, int mode, off_t offset, off_t length) {
  static auto* const next = Next<int(int, int, off_t, off_t)>("fallocate");
  return Fails(fd, &Misfortune::reserve_error) ? -1 : next(fd, mode, offset, length);
}

}  // namespace

extern "C" {

ssize_t pwrite(int fd, const void* bytes, size_t length, off_t offset) {
  return Write(fd, bytes, length, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t length, off64_t offset) {
  return Write(fd, bytes, length, offset);
}
int fallocate(int fd, int mode, off_t offset, off_t length) { return Reserve(fd, mode, offset, length); }
int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
  return Reserve(fd, mode, offset, length);
}
int fdatasync(int fd) {
  static auto* const next = Next<int(int)>("fdatasync");
  return Fails(fd, &Misfortune::sync_error) ? -1 : next(fd);
}
int fsync(int fd) {
  static auto* const next = Next<int(int)>("fsync");
  return Fails(fd, &Misfortune::sync_error) ? -1 : next(fd);
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static auto* const next = Next<int(clockid_t, timespec*)>("clock_gettime");
  const int result = next(clock, now);
  const Misfortune* shared = result == 0 && clock == CLOCK_REALTIME ? Shared() : nullptr;
  if (shared == nullptr) return result;
  const std::int64_t us = now->tv_sec * 1'000'000 + now->tv_nsec / 1000 + shared->clock_offset_us.load();
  now->tv_sec = us / 1'000'000;
  now->tv_nsec = us % 1'000'000 * 1000 + now->tv_nsec % 1000;
  return result;
}

}  // extern "C"
