#include "worker/spawner/scratch_dirs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

constexpr std::size_t kMostRead = 64 << 10;
constexpr int kDeepest = 64;  // of a tree that a task left behind

void RemoveBelow(int directory, int depth);

void RemoveOne(int parent, const char* name, int depth) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT || depth > kDeepest) return;
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(parent, name, kFlags);
  if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0) fd = openat(parent, name, kFlags);
  if (fd >= 0) RemoveBelow(fd, depth + 1);
  unlinkat(parent, name, AT_REMOVEDIR);
}

// Takes the descriptor.
void RemoveBelow(int directory, int depth) {
  struct Close {
    void operator()(DIR* open) const { closedir(open); }
  };
  const std::unique_ptr<DIR, Close> entries(fdopendir(directory));
  if (!entries) {
    close(directory);
    return;
  }
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") RemoveOne(dirfd(entries.get()), entry->d_name, depth);
  }
}

Status WriteScratch(int directory, const std::string& name, const std::string& content, uid_t uid, gid_t gid,
                    bool hand_over) {
  const UniqueFd fd(
      openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Unavailable(ErrnoText("cannot create in the task's scratch directory", name));
  if (hand_over && fchown(fd.get(), uid, gid) != 0) return Unavailable(ErrnoText("cannot hand over", name));
  return WriteAll(fd.get(), content, name);
}

}  // namespace

void RemoveTree(int parent, const std::string& name) { RemoveOne(parent, name.c_str(), 0); }

Status ScratchDirs::MakeRoot() {
  if (mkdir(path_.c_str(), owner_ ? 0711 : 0700) != 0 && errno != EEXIST)
    return Unavailable(ErrnoText("cannot create the scratch directory (--scratch)", path_));
  struct stat info {};
  const bool ours = lstat(path_.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
  if (ours) return OkStatus();
  return PermissionDenied(path_ +
                          " is not a directory of this user; remove it, or give the spawner another place "
                          "(--scratch)");
}

Status ScratchDirs::Make(const std::string& name, uid_t uid, gid_t gid,
                         const std::vector<std::pair<std::string, std::string>>& files) {
  BSUB_RETURN_IF_ERROR(MakeRoot());
  const std::string path = path_ + "/" + name;
  Remove(name);  // of a start that failed
  BSUB_RETURN_IF_ERROR(MakeRoot());
  if (mkdir(path.c_str(), 0700) != 0)
    return Unavailable(ErrnoText("cannot create the task's scratch directory", path));
  const UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.valid()) return Unavailable(ErrnoText("cannot open the task's scratch directory", path));
  for (const auto& [file, content] : files)
    BSUB_RETURN_IF_ERROR(WriteScratch(directory.get(), file, content, uid, gid, owner_));
  if (owner_ && fchown(directory.get(), uid, gid) != 0)
    return Unavailable(ErrnoText("cannot hand over", path));
  return OkStatus();
}

std::string ScratchDirs::Read(const std::string& name, std::string_view file) const {
  const std::string path = path_ + "/" + name + "/" + std::string(file);
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!fd.valid() || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return "";
  return ReadRest(fd.get(), kMostRead);
}

void ScratchDirs::Remove(const std::string& name) {
  {
    const UniqueFd root(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root.valid()) return;
    RemoveTree(root.get(), name);
  }
  rmdir(path_.c_str());  // unless others are there
}

void ScratchDirs::Clear() {
  struct stat info {};
  if (lstat(path_.c_str(), &info) != 0 || info.st_uid != geteuid()) return;
  RemoveTree(AT_FDCWD, path_);
}

}  // namespace bsub::spawner
