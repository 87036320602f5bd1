/* Preloaded into a program: it is killed (SIGKILL) just before the n-th call that changes a file below a
 * directory. BSUB_TEST_DIE_AT: n, from 1; BSUB_TEST_COUNT_TO: a file that gets the number of calls at the end
 * of the program. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static void count_call(void) {
  const char* text = getenv("BSUB_TEST_DIE_AT");
  const long number = atomic_fetch_add(&calls, 1) + 1;
  if (text != NULL && number == atol(text)) kill(getpid(), SIGKILL);
}

__attribute__((destructor)) static void tell(void) {
  const char* path = getenv("BSUB_TEST_COUNT_TO");
  FILE* out = path != NULL ? fopen(path, "w") : NULL;
  if (out == NULL) return;
  fprintf(out, "%ld\n", atomic_load(&calls));
  fclose(out);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite(int fd, const void* data, size_t bytes, off_t offset) {
  count_call();
  return NEXT(pwrite)(fd, data, bytes, offset);
}
ssize_t pwrite64(int fd, const void* data, size_t bytes, off64_t offset) {
  count_call();
  return NEXT(pwrite64)(fd, data, bytes, offset);
}
int ftruncate64(int fd, off64_t length) {
  count_call();
  return NEXT(ftruncate64)(fd, length);
}
int ftruncate(int fd, off_t length) {
  count_call();
  return NEXT(ftruncate)(fd, length);
}
int fsync(int fd) {
  count_call();
  return NEXT(fsync)(fd);
}
int fdatasync(int fd) {
  count_call();
  return NEXT(fdatasync)(fd);
}
int rename(const char* from, const char* to) {
  count_call();
  return NEXT(rename)(from, to);
}
int link(const char* from, const char* to) {
  count_call();
  return NEXT(link)(from, to);
}
int mkdir(const char* path, mode_t mode) {
  count_call();
  return NEXT(mkdir)(path, mode);
}
int unlink(const char* path) {
  count_call();
  return NEXT(unlink)(path);
}
int rmdir(const char* path) {
  count_call();
  return NEXT(rmdir)(path);
}
static mode_t mode_of(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? (mode_t)va_arg(arguments, int) : 0;
}
int open(const char* path, int flags, ...) {
  va_list arguments;
  mode_t mode;
  va_start(arguments, flags);
  mode = mode_of(flags, arguments);
  va_end(arguments);
  if ((flags & (O_CREAT | O_TRUNC)) != 0) count_call();
  return NEXT(open)(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  mode_t mode;
  va_start(arguments, flags);
  mode = mode_of(flags, arguments);
  va_end(arguments);
  if ((flags & (O_CREAT | O_TRUNC)) != 0) count_call();
  return NEXT(open64)(path, flags, mode);
}
