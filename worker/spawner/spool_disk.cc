#include "worker/spawner/spool_disk.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "jobs/units.h"
#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

constexpr std::int64_t kNextToNothing = 4096;  // bytes
constexpr std::int64_t kSmallestBlock = 4096;  // holes are made of whole blocks
constexpr std::int64_t kStatBlock = 512;       // of st_blocks

std::int64_t Available(const struct statvfs& info, bool privileged) {
  return static_cast<std::int64_t>((privileged ? info.f_bfree : info.f_bavail) * info.f_frsize);
}

}  // namespace

Status CheckRoom(int spool, const std::string& path, std::int64_t min_free) {
  struct statvfs info {};
  if (fstatvfs(spool, &info) != 0) return Unavailable(ErrnoText("cannot look at the node's spool", path));
  if ((info.f_flag & ST_RDONLY) != 0) {
    return Unavailable("the node's spool '" + path + "' is on a read-only file system; mount it for writing");
  }
  const std::int64_t left = Available(info, false);
  if (left >= min_free) return OkStatus();
  return Unavailable("the disk of the node's spool '" + path + "' has " + FormatBytes(left) +
                     " left, a task is started with at least " + FormatBytes(min_free) +
                     " (--min-free); make room there");
}

bool IsDiskFull(int directory, const std::string& path, bool privileged) {
  const UniqueFd fd(openat(directory, path.c_str(), O_PATH | O_CLOEXEC));
  struct statvfs info {};
  struct stat file {};
  if (!fd.valid() || fstat(fd.get(), &file) != 0 || !S_ISREG(file.st_mode)) return false;
  return fstatvfs(fd.get(), &info) == 0 && info.f_blocks != 0 && Available(info, privileged) < kNextToNothing;
}

std::int64_t DropMiddle(int fd, std::int64_t limit) {
  struct stat before {};
  errno = 0;
  if (limit <= 0 || fstat(fd, &before) != 0 || before.st_blocks * kStatBlock <= limit) return 0;
  const std::int64_t block = std::max<std::int64_t>(before.st_blksize, kSmallestBlock);
  const std::int64_t first = (limit / 4 + block - 1) / block * block;
  const std::int64_t last = (before.st_size - limit / 2) / block * block;
  if (last <= first) return 0;
  if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first, last - first) != 0) return 0;
  struct stat after {};
  if (fstat(fd, &after) != 0) return 0;
  return std::max<std::int64_t>(0, (before.st_blocks - after.st_blocks) * kStatBlock);
}

}  // namespace bsub::spawner
