#include "cli/interrupts.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
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

Interrupts::Came Interrupts::WaitFor(int fd, Duration time) const {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  while (true) {
    std::array<pollfd, 2> entries = {pollfd{.fd = fd_, .events = POLLIN, .revents = 0},
                                     pollfd{.fd = fd, .events = POLLIN, .revents = 0}};
    int millis = -1;
    if (time != Duration::max()) {
      const auto left =
          std::max(Duration(0), time - std::chrono::duration_cast<Duration>(Clock::now() - start));
      millis = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
    }
    const int ready = poll(entries.data(), entries.size(), millis);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return Came::kTimeOut;
    return entries[0].revents != 0 && Take() ? Came::kInterrupt : Came::kReadable;
  }
}

bool Interrupts::Take() const {
  signalfd_siginfo taken{};
  return read(fd_, &taken, sizeof taken) == sizeof taken;
}

}  // namespace bsub::cli
