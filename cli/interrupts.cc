#include "cli/interrupts.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

namespace bsub::cli {

Interrupts::Interrupts() {
  sigemptyset(&handled_);
  sigaddset(&handled_, SIGINT);
  sigaddset(&handled_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &handled_, &before_);
  fd_ = signalfd(-1, &handled_, SFD_CLOEXEC);
}

Interrupts::~Interrupts() {
  if (fd_ >= 0) close(fd_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupts::Wait(Duration time) const {
  pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  if (poll(&entry, 1, static_cast<int>(millis)) <= 0) return true;
  return !Take();
}

bool Interrupts::WaitForReadable(int fd) const {
  std::array<pollfd, 2> entries = {pollfd{.fd = fd_, .events = POLLIN, .revents = 0},
                                   pollfd{.fd = fd, .events = POLLIN, .revents = 0}};
  while (poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
  }
  return entries[0].revents == 0 || !Take();
}

bool Interrupts::Take() const {
  signalfd_siginfo taken{};
  return read(fd_, &taken, sizeof taken) == sizeof taken;
}

}  // namespace bsub::cli
