#include "worker/spawner/kernel_check.h"

#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

using ::testing::HasSubstr;

// From here on this process's kernel does not know `number`.
bool Forget(long number) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(code), code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// What CheckKernel says in a process of such a kernel.
std::string SaidWithout(long number) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    const Status checked = Forget(number) ? CheckKernel() : Status(Unavailable("no seccomp"));
    const std::string said = checked ? "fine" : checked.error().message;
    [[maybe_unused]] const ssize_t put = write(ends[1], said.data(), said.size());
    _exit(0);
  }
  close(ends[1]);
  const UniqueFd from(ends[0]);
  std::string said = ReadRest(from.get(), 4096);
  waitpid(child, nullptr, 0);
  return said;
}

TEST(KernelCheck, ThisKernelIsGoodEnough) {
  const Status checked = CheckKernel();
  EXPECT_TRUE(checked) << checked.error().message;
}

// A witness that has no timer would let a task outlive the lease.
TEST(KernelCheck, WhatIsMissingIsNamedAtTheStart) {
  EXPECT_THAT(SaidWithout(SYS_pidfd_open), HasSubstr("pidfd_open(2)"));
  EXPECT_THAT(SaidWithout(SYS_timerfd_create), HasSubstr("timerfd_create(2)"));
  EXPECT_THAT(SaidWithout(SYS_close_range), HasSubstr("Linux 5.9 or newer"));
}

}  // namespace
}  // namespace bsub::spawner
