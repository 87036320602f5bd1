/* Preloaded into a program: it freezes (SIGSTOP) just before it opens, renames to or links a path that ends
 * with BSUB_TEST_FREEZE_AT, the first time it does. BSUB_TEST_FROZEN: a file that is made then. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_int done;

static void freeze_at(const char* path) {
  const char* end = getenv("BSUB_TEST_FREEZE_AT");
  const char* frozen = getenv("BSUB_TEST_FROZEN");
  const size_t length = strlen(path);
  if (end == NULL || frozen == NULL || length < strlen(end)) return;
  if (strcmp(path + length - strlen(end), end) != 0 || atomic_exchange(&done, 1) != 0) return;
  close(NEXT(open)(frozen, O_WRONLY | O_CREAT, 0644));
  raise(SIGSTOP);
}

int rename(const char* from, const char* to) {
  freeze_at(to);
  return NEXT(rename)(from, to);
}
int link(const char* from, const char* to) {
  freeze_at(to);
  return NEXT(link)(from, to);
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
  freeze_at(path);
  return NEXT(open)(path, flags, mode);
}
