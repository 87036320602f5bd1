#include "cli/supervisor/log_cap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "cli/supervisor/unique_fd.h"

namespace bsub::cli {
namespace {

constexpr std::size_t kCopyBytes = std::size_t{64} << 10;

Error CannotCap(const std::string& path, const std::string& what) {
  return FailedPrecondition("log " + path + ": " + what + ": " + std::strerror(errno));
}

// Up to the end, wherever that is by then.
bool CopyAll(int from, int to) {
  std::vector<char> buffer(kCopyBytes);
  for (;;) {
    const ssize_t got = read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = write(to, buffer.data() + done, static_cast<std::size_t>(got - done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return false;
      done += put;
    }
  }
}

}  // namespace

std::string OlderLog(const std::string& path) { return path + ".1"; }

Result<bool> CapLog(const std::string& path, std::int64_t most) {
  struct stat info {};
  if (most == 0 || stat(path.c_str(), &info) != 0 || info.st_size <= most) return false;
  const std::string temporary = OlderLog(path) + ".new";
  const UniqueFd log(open(path.c_str(), O_RDWR | O_CLOEXEC));
  const UniqueFd copy(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!log.valid() || !copy.valid()) return CannotCap(path, "cannot be copied to " + temporary);
  if (!CopyAll(log.get(), copy.get()) || rename(temporary.c_str(), OlderLog(path).c_str()) != 0) {
    const Error error = CannotCap(path, "cannot be copied to " + OlderLog(path));
    unlink(temporary.c_str());
    return error;
  }
  // Once more, so that little time is left in which a line can be lost.
  if (!CopyAll(log.get(), copy.get())) return CannotCap(path, "cannot be copied to " + OlderLog(path));
  if (ftruncate(log.get(), 0) != 0) return CannotCap(path, "cannot be cut");
  return true;
}

}  // namespace bsub::cli
