#include "worker/spawner/poller.h"

#include <sys/epoll.h>

#include <array>

#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

constexpr int kMaxEvents = 256;  // per turn of the loop; the rest comes with the next

}  // namespace

Result<Poller> Poller::Create() {
  UniqueFd fd(epoll_create1(EPOLL_CLOEXEC));
  if (!fd.valid()) return Unavailable(ErrnoText("epoll_create1"));
  return Poller(std::move(fd));
}

Status Poller::Add(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return Unavailable(ErrnoText("epoll_ctl"));
  return OkStatus();
}

void Poller::WatchWrites(int fd, bool also_writes) {
  epoll_event event{};
  event.events = also_writes ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Poller::Remove(int fd) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

std::vector<Ready> Poller::Wait() {
  std::array<epoll_event, kMaxEvents> events;
  const int count = epoll_wait(epoll_.get(), events.data(), kMaxEvents, -1);
  std::vector<Ready> ready;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    ready.push_back({event.data.fd, (event.events & ~static_cast<unsigned>(EPOLLOUT)) != 0,
                     (event.events & EPOLLOUT) != 0});
  }
  return ready;
}

}  // namespace bsub::spawner
