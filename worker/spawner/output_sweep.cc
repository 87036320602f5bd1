#include "worker/spawner/output_sweep.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

namespace bsub::spawner {
namespace {

// Between two passes: a share of the retention, by which output may stay longer than it has to.
constexpr std::int64_t kPassesPerRetention = 10;

std::int64_t WrittenUs(const struct stat& info) {
  return std::int64_t{info.st_mtim.tv_sec} * 1'000'000 + info.st_mtim.tv_nsec / 1000;
}

// A folder is called by its job's number; anything else is none of ours.
JobId JobOf(std::string_view name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? JobId(number) : JobId();
}

}  // namespace

OutputSweep::Folder OutputSweep::OpenFolder(int parent, const char* name) {
  const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return nullptr;
  DIR* const dir = fdopendir(fd);
  if (dir == nullptr) close(fd);
  return Folder(dir);
}

std::int64_t OutputSweep::PauseUs() const {
  if (settings_.retention_us == 0) return 0;
  if (pass_) return settings_.step_us;
  return std::max(settings_.step_us, settings_.retention_us / kPassesPerRetention);
}

std::size_t OutputSweep::Step(std::int64_t now_us, const InUse& in_use) {
  if (settings_.retention_us == 0) return 0;
  if (!pass_) pass_ = OpenFolder(spool_, "output");
  std::size_t removed = 0;
  for (std::size_t looked = 0; pass_ && looked < settings_.folders; ++looked) {
    const dirent* const entry = readdir(pass_.get());
    if (entry == nullptr) {
      pass_.reset();
    } else if (Remove(entry->d_name, now_us - settings_.retention_us, in_use)) {
      ++removed;
    }
  }
  return removed;
}

bool OutputSweep::Remove(const char* name, std::int64_t before_us, const InUse& in_use) {
  const JobId job = JobOf(name);
  struct stat info {};
  // The folder's own time is that of its newest file's creation: most are settled by it.
  if (!job.valid() || fstatat(dirfd(pass_.get()), name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISDIR(info.st_mode) || WrittenUs(info) >= before_us || in_use(job))
    return false;
  const Folder folder = OpenFolder(dirfd(pass_.get()), name);
  if (!folder) return false;
  std::vector<std::string> files;
  while (const dirent* const entry = readdir(folder.get())) {
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    if (fstatat(dirfd(folder.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (WrittenUs(info) >= before_us) return false;
    files.emplace_back(entry->d_name);
  }
  for (const std::string& file : files) unlinkat(dirfd(folder.get()), file.c_str(), 0);
  return unlinkat(dirfd(pass_.get()), name, AT_REMOVEDIR) == 0;
}

}  // namespace bsub::spawner
