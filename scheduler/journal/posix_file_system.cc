#include "scheduler/journal/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "scheduler/journal/system_error.h"

namespace bsub::journal {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixFile final : public File {
 public:
  PosixFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status WriteAt(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return SystemError("write", path_);
      offset += static_cast<std::uint64_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return OkStatus();
  }

  Result<std::string> ReadAt(std::uint64_t offset, std::size_t length) const override {
    BSUB_ASSIGN_OR_RETURN(const std::uint64_t size, Size());
    const std::uint64_t available = offset < size ? size - offset : 0;
    std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(length, available)), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n =
          ::pread(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return SystemError("read", path_);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    bytes.resize(done);
    return bytes;
  }

  Status DataSync() override {
    if (::fdatasync(fd_.get()) != 0) return SystemError("sync", path_);
    return OkStatus();
  }

  Status Preallocate(std::uint64_t size) override {
    BSUB_ASSIGN_OR_RETURN(const std::uint64_t present, Size());
    if (size <= present) return OkStatus();
    if (!HasRoomFor(size - present)) {
      errno = ENOSPC;
      return SystemError("reserve space for", path_);
    }
    while (::fallocate(fd_.get(), 0, 0, static_cast<off_t>(size)) != 0) {
      if (errno == EINTR) continue;
      // A file system without reservations still gets the length; a full disk then shows at a write.
      if (errno == EOPNOTSUPP || errno == ENOSYS) return Truncate(size);
      return SystemError("reserve space for", path_);
    }
    return OkStatus();
  }

  Status Truncate(std::uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return SystemError("truncate", path_);
    return OkStatus();
  }

  Result<std::uint64_t> Size() const override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return SystemError("read the size of", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  // A reservation that fails half way would first have taken all that others on this disk could still write.
  bool HasRoomFor(std::uint64_t bytes) const {
    struct statvfs info {};
    if (::fstatvfs(fd_.get(), &info) != 0 || info.f_blocks == 0) return true;  // it does not say
    const std::uint64_t blocks = ::geteuid() == 0 ? info.f_bfree : info.f_bavail;
    return blocks * info.f_frsize >= bytes;
  }

  Descriptor fd_;
  std::string path_;
};

Result<std::unique_ptr<File>> OpenFile(const std::string& path, int flags, const char* what) {
  Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (fd.get() < 0) return SystemError(what, path);
  return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(fd), path));
}

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

std::string ParentOf(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string HolderOf(int fd) {
  char text[32] = {};
  const ssize_t n = ::pread(fd, text, sizeof text - 1, 0);
  const std::string holder(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  const std::string digits = holder.substr(0, holder.find_first_not_of("0123456789"));
  return digits.empty() ? "another process" : "process " + digits;
}

}  // namespace

Result<std::unique_ptr<File>> PosixFileSystem::Create(const std::string& path) {
  return OpenFile(path, O_RDWR | O_CREAT | O_EXCL, "create");
}

Result<std::unique_ptr<File>> PosixFileSystem::OpenForRead(const std::string& path) {
  return OpenFile(path, O_RDONLY, "open");
}

Result<std::unique_ptr<File>> PosixFileSystem::OpenForWrite(const std::string& path) {
  return OpenFile(path, O_RDWR, "open for writing");
}

Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return SystemError("rename", from + " to " + to);
  return OkStatus();
}

Status PosixFileSystem::Remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return SystemError("remove", path);
  return OkStatus();
}

Status PosixFileSystem::CreateDirectory(const std::string& path) {
  const bool made = ::mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return SystemError("create the directory", path);
  const Status synced = SyncDirectory(ParentOf(path));
  // One that was there before may stand in a directory that we cannot read; then whoever made it answers for
  // it.
  return made ? synced : OkStatus();
}

Status PosixFileSystem::SyncDirectory(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return SystemError("open the directory", path);
  if (::fsync(fd.get()) != 0) return SystemError("sync the directory", path);
  return OkStatus();
}

Result<std::vector<DirectoryEntry>> PosixFileSystem::List(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return SystemError("list the directory", path);
  std::vector<DirectoryEntry> entries;
  errno = 0;
  while (const dirent* item = ::readdir(directory.get())) {
    struct stat info {};
    // A file may be removed between the two calls; it is then not there.
    if (::fstatat(::dirfd(directory.get()), item->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(info.st_mode)) {
      const std::int64_t micros = info.st_mtim.tv_sec * 1'000'000LL + info.st_mtim.tv_nsec / 1000;
      entries.push_back({item->d_name, static_cast<std::uint64_t>(info.st_size), TimePoint(micros)});
    }
    errno = 0;
  }
  if (errno != 0) return SystemError("list the directory", path);
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::Lock(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (fd.get() < 0) return SystemError("open the lock file", path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError("lock", path);
    return FailedPrecondition(path + " is held by " + HolderOf(fd.get()) +
                              ": another scheduler uses this directory; stop it first (bsub-lite down)");
  }
  // For a person to read: a disk that has no room for it stops nobody.
  const std::string pid = std::to_string(::getpid()) + "\n";
  [[maybe_unused]] const bool written =
      ::ftruncate(fd.get(), 0) == 0 && ::pwrite(fd.get(), pid.data(), pid.size(), 0) > 0;
  return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(std::move(fd)));
}

}  // namespace bsub::journal
