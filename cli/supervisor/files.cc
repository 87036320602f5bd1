#include "cli/supervisor/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "jobs/text.h"

namespace bsub::cli {
namespace {

constexpr std::size_t kBytesPerLine = 400;  // how far back LastLines looks for each line

Error FromErrno(const std::string& what, int error) {
  const std::string text = what + ": " + std::strerror(error);
  switch (error) {
    case ENOENT:
      return NotFound(text);
    case EACCES:
    case EPERM:
      return PermissionDenied(text + "; set BSUB_LITE_HOME to a directory that you may write");
    case EROFS:
      return FailedPrecondition(text + "; set BSUB_LITE_HOME to a directory that can be written");
    case ENOSPC:
    case EDQUOT:
      return ResourceExhausted(text + "; free some space there, or set BSUB_LITE_HOME to another disk");
    default:
      return FailedPrecondition(text);
  }
}

Status WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FromErrno("cannot write " + path, errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return OkStatus();
}

Status SyncDirectoryOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) return FromErrno("cannot sync " + folder, errno);
  return OkStatus();
}

Status ReplaceFile(const std::string& path, std::string_view text, Durable durable) {
  const std::string temporary = path + ".new." + std::to_string(getpid());
  {
    const UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd.valid()) return FromErrno("cannot write " + temporary, errno);
    Status written = WriteAll(fd.get(), text, temporary);
    if (written && durable == Durable::kYes && fsync(fd.get()) != 0)
      written = FromErrno("cannot sync " + temporary, errno);
    if (!written) {
      unlink(temporary.c_str());
      return written;
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return FromErrno("cannot write " + path, errno);
  return durable == Durable::kYes ? SyncDirectoryOf(path) : OkStatus();
}

// On a disk that is full the blocks that a file has are what there is. Who reads meanwhile may find no whole
// text, and looks again.
bool OverwriteFile(const std::string& path, std::string_view text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.valid() && WriteAll(fd.get(), text, path) &&
         ftruncate(fd.get(), static_cast<off_t>(text.size())) == 0;
}

}  // namespace

Status WriteFileWhole(const std::string& path, std::string_view text, Durable durable) {
  Status written = ReplaceFile(path, text, durable);
  if (!written && written.error().code == Code::kResourceExhausted && durable == Durable::kNo) {
    if (OverwriteFile(path, text)) return OkStatus();
  }
  return written;
}

Result<std::string> ReadWholeFile(const std::string& path, std::size_t max_bytes) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return FromErrno("cannot read " + path, errno);
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t n = read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FromErrno("cannot read " + path, errno);
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > max_bytes)
      return FailedPrecondition("cannot read " + path + ": more than " + std::to_string(max_bytes) +
                                " bytes");
  }
}

std::string LastLines(const std::string& path, int lines) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return "";
  const std::streamoff size = file.tellg();
  const auto wanted = static_cast<std::streamoff>(kBytesPerLine * static_cast<std::size_t>(lines));
  file.seekg(std::max<std::streamoff>(0, size - wanted));
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::string_view rest = Trim(text);
  std::size_t begin = rest.size();
  for (int i = 0; i < lines && begin != std::string_view::npos && begin > 0; ++i)
    begin = rest.rfind('\n', begin - 1);
  return std::string(begin == std::string_view::npos ? rest : Trim(rest.substr(begin)));
}

Status MakeDirectory(const std::string& path, unsigned mode) {
  const std::filesystem::path folder(path);
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) {
    return S_ISDIR(info.st_mode)
               ? OkStatus()
               : Status(FailedPrecondition(path + " is not a directory; move it away or set BSUB_LITE_HOME"));
  }
  if (folder.has_parent_path() && folder.parent_path() != folder)
    BSUB_RETURN_IF_ERROR(MakeDirectory(folder.parent_path().string()));
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    return FromErrno("cannot make directory " + path, errno);
  return OkStatus();
}

Result<std::optional<LockFile>> LockFile::Try(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.valid()) return FromErrno("cannot open " + path, errno);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return std::optional(LockFile(std::move(fd)));
  if (errno == EWOULDBLOCK) return std::optional<LockFile>();
  return FromErrno("cannot lock " + path, errno);
}

Result<bool> LockFile::IsHeld(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return errno == ENOENT ? Result<bool>(false) : FromErrno("cannot open " + path, errno);
  if (flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return FromErrno("cannot lock " + path, errno);
}

}  // namespace bsub::cli
