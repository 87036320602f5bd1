#include "scheduler/daemon/home.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "scheduler/journal/system_error.h"
#include "scheduler/rpc/identity.h"

namespace bsub::daemon {
namespace {

constexpr mode_t kPrivate = 0700;
constexpr mode_t kReachable = 0711;
constexpr mode_t kByGroupOrOthers = 0022;

std::string UserText(uid_t uid) {
  const std::string name = rpc::LocalPrincipal(uid, uid, {}).name;
  const std::string number = "uid " + std::to_string(uid);
  return name == number ? number : name + " (" + number + ")";
}

Status CheckDirectory(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return journal::SystemError("look at", path);
  if (!S_ISDIR(info.st_mode)) {
    return FailedPrecondition(path + " is not a directory: move it away, or give another --home");
  }
  if (info.st_uid != geteuid()) {
    return PermissionDenied(path + " belongs to " + UserText(info.st_uid) + ", but the scheduler runs as " +
                            UserText(geteuid()) + ": start it as that user, or give another --home");
  }
  if ((info.st_mode & kByGroupOrOthers) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(info.st_mode & 07777));
    return PermissionDenied(path + " can be changed by other users (mode " + mode + "); run: chmod go-w " +
                            path);
  }
  return OkStatus();
}

Status MakeDirectory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return journal::SystemError("make directory", path);
  return CheckDirectory(path);
}

}  // namespace

Status PrepareHome(journal::FileSystem& files, const std::string& home, std::uint32_t socket_mode) {
  // run/ must be reachable by every user that may use the cluster; what is private has a directory of its
  // own.
  const mode_t reachable = (socket_mode & 0006) != 0 && geteuid() == 0 ? kReachable : kPrivate;
  BSUB_RETURN_IF_ERROR(MakeDirectory(home, reachable));
  BSUB_RETURN_IF_ERROR(MakeDirectory(home + "/run", reachable));
  for (const char* part : {"/secrets", "/journal", "/history", "/spool", "/spool/output"}) {
    BSUB_RETURN_IF_ERROR(MakeDirectory(home + part, kPrivate));
  }
  // The home's own name too, whoever made it; in a folder that we may not read he answers for it.
  static_cast<void>(files.SyncDirectory(std::filesystem::path(home).parent_path().string()));
  return files.SyncDirectory(home);
}

}  // namespace bsub::daemon
