// bsub-lite-spawner: the parent of a node's tasks. See docs/formats/spawner.md and --help.
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "worker/spawner/event_loop.h"
#include "worker/spawner/kernel_check.h"
#include "worker/spawner/settings.h"

namespace {

// Descriptors 0 to 2 must be something, and 3 is kept free for a child's socket; what we inherited beyond is
// none of our tasks' business.
void TidyDescriptors() {
  syscall(SYS_close_range, 3u, ~0u, 0u);
  int fd = 0;
  do {
    fd = open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd < 3);
  if (fd == 3) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int Fail(const bsub::Error& error, int status) {
  std::fprintf(stderr, "bsub-lite-spawner: %s\n", error.message.c_str());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = bsub::spawner::ParseArguments(argc, argv);
  if (!arguments) return Fail(arguments.error(), 2);
  if (!arguments->text.empty()) {
    std::fputs(arguments->text.c_str(), stdout);
    return 0;
  }
  if (const auto kernel = bsub::spawner::CheckKernel(); !kernel) return Fail(kernel.error(), 1);
  TidyDescriptors();
  auto loop = bsub::spawner::EventLoop::Create(arguments->settings);
  if (!loop) return Fail(loop.error(), 1);
  if (arguments->settings.end_leftovers) {  // making the loop did it
    (*loop)->RemoveGroups();
    return 0;
  }
  const auto ended = (*loop)->Run();
  return ended ? 0 : Fail(ended.error(), 1);
}
