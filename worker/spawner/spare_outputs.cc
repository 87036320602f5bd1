#include "worker/spawner/spare_outputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "worker/launch/output_path.h"
#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"

namespace bsub::spawner {
namespace {

constexpr char kFolder[] = "spare";
constexpr mode_t kFolderMode = 0750;
constexpr mode_t kFileMode = 0640;

std::string SparePath(std::uint32_t slot) { return std::string(kFolder) + "/" + std::to_string(slot); }

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool IsEmptyFile(int state_dir, const std::string& path) {
  struct stat info {};
  return fstatat(state_dir, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
         info.st_size == 0;
}

// A process that got away may have written to it since, or the task before have changed its mode.
bool IsAsNew(int state_dir, const std::string& path) {
  struct stat info {};
  return fstatat(state_dir, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         info.st_mode == (S_IFREG | kFileMode) && info.st_size == 0;
}

// The folder may be missing: somebody tidied up.
bool MoveTo(int state_dir, const std::string& from, const std::string& to) {
  if (renameat(state_dir, from.c_str(), state_dir, to.c_str()) == 0) return true;
  if (errno != ENOENT) return false;
  struct stat info {};
  if (fstatat(state_dir, from.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const std::string folder = FolderOf(to);
  if (mkdirat(state_dir, folder.c_str(), kFolderMode) == 0) [[maybe_unused]]
    const int ignored = fchownat(state_dir, folder.c_str(), static_cast<uid_t>(-1), info.st_gid, 0);
  return renameat(state_dir, from.c_str(), state_dir, to.c_str()) == 0;
}

std::vector<std::string> SpareFiles(int state_dir) {
  std::vector<std::string> names;
  const int fd = openat(state_dir, kFolder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(fd < 0 ? nullptr : fdopendir(fd), closedir);
  if (!dir) return names;
  while (const dirent* entry = readdir(dir.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

}  // namespace

Status SpareOutputs::MakeFolder(const worker::AttemptKey& key, const ChildPlan& plan) {
  if (key.job == newest_folder_) return OkStatus();
  const std::string folder = FolderOf(worker::SpoolPath(key, false));
  if (mkdirat(state_dir_, folder.c_str(), kFolderMode) == 0) {
    // The agent's group must be able to enter.
    if (plan.change_user) [[maybe_unused]]
      const int ignored = fchownat(state_dir_, folder.c_str(), static_cast<uid_t>(-1), plan.spool_group, 0);
  } else if (errno != EEXIST) {
    return Unavailable(ErrnoText("cannot create a folder in the node's spool", folder));
  }
  newest_folder_ = key.job;
  return OkStatus();
}

Result<std::string> SpareOutputs::Prepare(std::uint32_t slot, const worker::AttemptKey& key,
                                          const ChildPlan& plan) {
  BSUB_RETURN_IF_ERROR(MakeFolder(key, plan));
  const std::string path = SparePath(slot);
  const auto owner = owners_.find(slot);
  if (owner != owners_.end() && owner->second == plan.uid && IsAsNew(state_dir_, path)) return path;
  owners_.erase(slot);
  unlinkat(state_dir_, path.c_str(), 0);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  UniqueFd fd(openat(state_dir_, path.c_str(), kFlags, kFileMode));
  if (!fd.valid() && errno == ENOENT) {
    mkdirat(state_dir_, kFolder, 0700);
    fd.Reset(openat(state_dir_, path.c_str(), kFlags, kFileMode));
  }
  // Whatever the spawner's umask: the agent's group reads it.
  if (!fd.valid() || fchmod(fd.get(), kFileMode) != 0)
    return Unavailable(ErrnoText("cannot create the output file in the node's spool", path));
  // The user's own, so that programs may open /dev/stdout again.
  if (plan.change_user && fchown(fd.get(), plan.uid, plan.spool_group) != 0)
    return Unavailable(ErrnoText("cannot hand over the output file", path));
  owners_[slot] = plan.uid;
  return path;
}

bool SpareOutputs::IsEmpty(std::uint32_t slot) const { return IsEmptyFile(state_dir_, SparePath(slot)); }

Result<std::string> SpareOutputs::Name(std::uint32_t slot, const worker::AttemptKey& key) {
  const std::string path = worker::SpoolPath(key, false);
  if (!MoveTo(state_dir_, SparePath(slot), path))
    return Unavailable(ErrnoText("cannot name the output file in the node's spool", path));
  owners_.erase(slot);
  return path;
}

void ClaimOutput(int state_dir, std::uint32_t slot, const worker::AttemptKey& key) {
  const std::string spare = SparePath(slot), path = worker::SpoolPath(key, false);
  struct stat info {};
  if (fstatat(state_dir, spare.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || info.st_size == 0) return;
  if (!MoveTo(state_dir, spare, path)) LogLine("event=output-lost file=\"" + path + "\"");
}

void ClearSpareOutputs(int state_dir) {
  for (const std::string& name : SpareFiles(state_dir)) {
    const std::string path = std::string(kFolder) + "/" + name;
    if (IsEmptyFile(state_dir, path)) {
      unlinkat(state_dir, path.c_str(), 0);
      continue;
    }
    const std::string aside = "output/unclaimed/" + std::to_string(BootTimeUs()) + "." + name;
    if (MoveTo(state_dir, path, aside))
      LogLine("event=output-unclaimed file=\"" + aside + "\" reason=\"no record says whose it is\"");
  }
}

}  // namespace bsub::spawner
