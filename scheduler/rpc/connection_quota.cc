#include "scheduler/rpc/connection_quota.h"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace bsub::rpc {
namespace {

int Option(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

ConnectionLimits FitToDescriptors(std::size_t wished_per_user, std::size_t descriptors,
                                  std::size_t reserved) {
  const std::size_t all = descriptors > 2 * reserved ? descriptors - reserved : descriptors / 2;
  return {std::min(wished_per_user, std::max<std::size_t>(all / 2, 1)), all};
}

std::map<uid_t, std::size_t> CountUnixPeers() {
  std::map<uid_t, std::size_t> peers;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
    const std::string name = entry.path().filename().string();
    int fd = -1;
    if (std::from_chars(name.data(), name.data() + name.size(), fd).ec != std::errc()) continue;
    if (Option(fd, SO_DOMAIN) != AF_UNIX || Option(fd, SO_ACCEPTCONN) != 0) continue;
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) ++peers[peer.uid];
  }
  return peers;
}

bool ConnectionQuota::Fits(uid_t uid) const {
  const auto it = open_.find(uid);
  return total_ < limits_.all && (it == open_.end() || it->second < limits_.per_user);
}

bool ConnectionQuota::Admit(uid_t uid) {
  if (!Fits(uid)) {
    open_ = count_();
    // The new one is among those that the kernel counts.
    if (auto it = open_.find(uid); it != open_.end() && it->second > 0) --it->second;
    total_ = 0;
    for (const auto& [user, count] : open_) total_ += count;
    if (!Fits(uid)) return false;
  }
  ++open_[uid];
  ++total_;
  return true;
}

}  // namespace bsub::rpc
