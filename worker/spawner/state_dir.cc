#include "worker/spawner/state_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "worker/spawner/files.h"

namespace bsub::spawner {

Result<StateDir> StateDir::Open(const std::string& path, bool open_to_users) {
  const mode_t mode = open_to_users ? 0711 : 0700;
  StateDir dir;
  BSUB_RETURN_IF_ERROR(EnsureDirectory(path, mode));
  const std::unique_ptr<char, void (*)(void*)> absolute(realpath(path.c_str(), nullptr), free);
  if (!absolute) return Unavailable(ErrnoText("state directory", path));
  dir.path_ = absolute.get();
  dir.fd_.Reset(open(dir.path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir.fd_.valid()) return Unavailable(ErrnoText("cannot open state directory", dir.path_));
  struct stat info {};
  if (fstat(dir.fd_.get(), &info) != 0 || info.st_uid != geteuid()) {
    return PermissionDenied("state directory '" + dir.path_ + "' belongs to uid " +
                            std::to_string(info.st_uid) + ", expected uid " + std::to_string(geteuid()) +
                            "; use another one");
  }
  if (fchmod(dir.fd_.get(), mode) != 0) return Unavailable(ErrnoText("cannot set the mode of", dir.path_));
  BSUB_RETURN_IF_ERROR(dir.TakeLock());
  BSUB_RETURN_IF_ERROR(dir.LoadId());
  BSUB_RETURN_IF_ERROR(EnsureDirectory(dir.ScriptDir(), mode));
  BSUB_RETURN_IF_ERROR(EnsureDirectory(dir.path_ + "/output", mode));
  BSUB_RETURN_IF_ERROR(EnsureDirectory(dir.ControlDir(), mode));
  return dir;
}

Status StateDir::TakeLock() {
  const std::string file = path_ + "/lock";
  lock_.Reset(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_.valid()) return Unavailable(ErrnoText("cannot open", file));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(lock_.get(), F_SETLK, &whole) == 0) return OkStatus();
  if (errno != EACCES && errno != EAGAIN) return Unavailable(ErrnoText("cannot lock", file));
  fcntl(lock_.get(), F_GETLK, &whole);
  return FailedPrecondition("state directory '" + path_ + "' is in use by the spawner with pid " +
                            std::to_string(whole.l_pid) +
                            "; end that one, or give each node its own directory");
}

Status StateDir::LoadId() {
  const std::string file = path_ + "/state-id";
  auto id = ReadFile(file);
  if (id && id->size() >= 16) {
    while (!id->empty() && id->back() == '\n') id->pop_back();
    id_ = *id;
    return OkStatus();
  }
  if (!id && id.error().code != Code::kNotFound) return id.error();
  BSUB_ASSIGN_OR_RETURN(id_, RandomHex(8));
  return ReplaceFile(file, id_ + "\n", 0600);
}

}  // namespace bsub::spawner
