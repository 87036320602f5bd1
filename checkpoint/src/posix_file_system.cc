#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "checkpoint/src/file_system.h"

namespace bsub::ckpt {
namespace {

constexpr mode_t kFileMode = 0666;
constexpr mode_t kDirectoryMode = 0777;  // the user's umask decides

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Failure OpenFailure(const std::string& path, int error) {
  if (error == ENOENT) return Damaged(path + " is missing");
  return IoFailure("cannot open", path, error);
}

// What is there and is no file that can be read is as good as damaged.
Failure UnreadableFailure(const char* what, const std::string& path, int error) {
  Failure failure = IoFailure(what, path, error);
  if (error == EIO || error == EISDIR || error == ENOTDIR) failure.status = BSUB_CHECKPOINT_DAMAGED;
  failure.unreadable = error == EIO;
  return failure;
}

// A pipe must neither hold up whoever opens it nor be read without an end. A directory says so when it is
// read.
bool IsFileOrDirectory(int fd) {
  struct stat found {};
  return ::fstat(fd, &found) == 0 && (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode));
}

bool IsAligned(std::uint64_t n) { return n % kDirectAlignment == 0; }

// The kernel does not only refuse to go beyond the limit: it sends SIGXFSZ, which ends a program that does
// not expect it.
bool IsBeyondFileLimit(std::uint64_t end) {
  rlimit limit{};
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur;
}

class PosixFile : public File {
 public:
  // `direct` is -1 where the file system has no O_DIRECT.
  PosixFile(std::string path, int buffered, int direct)
      : path_(std::move(path)), buffered_(buffered), direct_(direct) {}

  Done WriteAt(const void* data, std::uint64_t bytes, std::uint64_t offset) override {
    const auto* from = static_cast<const char*>(data);
    const std::uint64_t head = Head(data, bytes, offset);
    const std::uint64_t body = head == bytes ? 0 : (bytes - head) / kDirectAlignment * kDirectAlignment;
    CKPT_RETURN_IF_FAILED(Write(buffered_, from, head, offset));
    CKPT_RETURN_IF_FAILED(Write(direct_, from + head, body, offset + head));
    return Write(buffered_, from + head + body, bytes - head - body, offset + head + body);
  }

  Done ReadAt(void* data, std::uint64_t bytes, std::uint64_t offset) override {
    auto* to = static_cast<char*>(data);
    const std::uint64_t head = Head(data, bytes, offset);
    const std::uint64_t body = head == bytes ? 0 : (bytes - head) / kDirectAlignment * kDirectAlignment;
    CKPT_RETURN_IF_FAILED(Read(buffered_, to, head, offset));
    CKPT_RETURN_IF_FAILED(Read(direct_, to + head, body, offset + head));
    return Read(buffered_, to + head + body, bytes - head - body, offset + head + body);
  }

  Outcome<std::uint64_t> Size() override {
    struct stat status {};
    if (::fstat(buffered_.get(), &status) != 0) return IoFailure("cannot look at", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Done Resize(std::uint64_t bytes) override {
    if (IsBeyondFileLimit(bytes)) return IoFailure("cannot set the length of", path_, EFBIG);
    if (::ftruncate(buffered_.get(), static_cast<off_t>(bytes)) != 0) {
      return IoFailure("cannot set the length of", path_, errno);
    }
    return {};
  }

  Done Sync() override {
    if (::fdatasync(buffered_.get()) != 0) return IoFailure("cannot sync", path_, errno);
    return {};
  }

 private:
  // Bytes before the first that can go directly; all of them if none can.
  std::uint64_t Head(const void* data, std::uint64_t bytes, std::uint64_t offset) const {
    const std::uint64_t head = (kDirectAlignment - offset % kDirectAlignment) % kDirectAlignment;
    const auto address = reinterpret_cast<std::uintptr_t>(data);
    return direct_.get() < 0 || head >= bytes || !IsAligned(address + head) ? bytes : head;
  }

  Done Write(const Descriptor& fd, const char* from, std::uint64_t bytes, std::uint64_t offset) {
    if (bytes > 0 && IsBeyondFileLimit(offset + bytes)) return IoFailure("cannot write", path_, EFBIG);
    while (bytes > 0) {
      const ssize_t n = ::pwrite(fd.get(), from, bytes, static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return IoFailure("cannot write", path_, n < 0 ? errno : ENOSPC);
      from += n;
      bytes -= static_cast<std::uint64_t>(n);
      offset += static_cast<std::uint64_t>(n);
    }
    return {};
  }

  Done Read(const Descriptor& fd, char* to, std::uint64_t bytes, std::uint64_t offset) {
    while (bytes > 0) {
      const ssize_t n = ::pread(fd.get(), to, bytes, static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      // A disk that cannot read its sector has lost it; a file server may only have been away.
      if (n < 0 && errno == EIO) return Unreadable("cannot read " + path_ + ": " + std::strerror(EIO));
      if (n < 0) return IoFailure("cannot read", path_, errno);
      if (n == 0) return Damaged(path_ + " ends at byte " + std::to_string(offset) + ", too early");
      to += n;
      bytes -= static_cast<std::uint64_t>(n);
      offset += static_cast<std::uint64_t>(n);
    }
    return {};
  }

  std::string path_;
  Descriptor buffered_;
  Descriptor direct_;
};

class Posix : public FileSystem {
 public:
  Outcome<std::unique_ptr<File>> OpenForWriting(const std::string& path) override {
    return Open(path, O_RDWR);
  }
  Outcome<std::unique_ptr<File>> OpenForReading(const std::string& path) override {
    return Open(path, O_RDONLY);
  }

  Outcome<std::unique_ptr<File>> Create(const std::string& path) override {
    {
      const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
      if (fd.get() < 0) return IoFailure("cannot make", path, errno);
    }
    return OpenForWriting(path);
  }

  Done WriteDurably(const std::string& path, const std::string& bytes) override {
    CKPT_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, Create(path));
    CKPT_RETURN_IF_FAILED(file->WriteAt(bytes.data(), bytes.size(), 0));
    return file->Sync();
  }

  Outcome<std::string> ReadWhole(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0 && errno == ENOENT) return Failure{BSUB_CHECKPOINT_NOTHING_SAVED, path + " is missing"};
    if (fd.get() < 0) return UnreadableFailure("cannot open", path, errno);
    if (!IsFileOrDirectory(fd.get())) return Damaged(path + " is no regular file");
    std::string bytes;
    char piece[65536];
    for (;;) {
      const ssize_t n = ::read(fd.get(), piece, sizeof(piece));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return UnreadableFailure("cannot read", path, errno);
      if (n == 0) return bytes;
      bytes.append(piece, static_cast<std::size_t>(n));
    }
  }

  Done Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return IoFailure("cannot rename to", to, errno);
    return {};
  }

  Outcome<bool> Link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return true;
    if (errno == EEXIST) return false;
    return IoFailure("cannot link", to, errno);
  }

  Outcome<bool> MakeDirectory(const std::string& path) override {
    if (::mkdir(path.c_str(), kDirectoryMode) == 0) return true;
    if (errno == EEXIST) return false;
    return IoFailure("cannot make directory", path, errno);
  }

  Done SyncDirectory(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return IoFailure("cannot open", path, errno);
    if (::fsync(fd.get()) != 0) return IoFailure("cannot sync", path, errno);
    return {};
  }

  Done RemoveFile(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return IoFailure("cannot remove", path, errno);
    return {};
  }

  Done RemoveDirectory(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0 && errno != ENOENT) return IoFailure("cannot remove", path, errno);
    return {};
  }

  Outcome<std::vector<std::string>> List(const std::string& path) override {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr && errno == ENOENT) {
      return Failure{BSUB_CHECKPOINT_NOTHING_SAVED, path + " is missing"};
    }
    if (directory == nullptr) return IoFailure("cannot list", path, errno);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(directory);
    std::ranges::sort(names);
    return names;
  }

 private:
  Outcome<std::unique_ptr<File>> Open(const std::string& path, int flags) {
    const int buffered = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK);
    if (buffered < 0) return OpenFailure(path, errno);
    if (!IsFileOrDirectory(buffered)) {
      ::close(buffered);
      return Damaged(path + " is no regular file");
    }
    const int direct = ::open(path.c_str(), flags | O_CLOEXEC | O_DIRECT);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(path, buffered, direct));
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static auto* const posix = new Posix;  // threads of asynchronous saves may outlive the statics
  return *posix;
}

Failure IoFailure(const std::string& what, const std::string& path, int error) {
  std::string message = what + " " + path + ": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) {
    message += "; make room or choose another --checkpoint-dir; what was saved before is untouched";
  } else if (error == EFBIG) {
    message += "; a file may not be as large: raise `ulimit -f` or choose another file system";
  } else if (error == EROFS || error == EACCES || error == EPERM) {
    message += "; the store must be writable by the job's user";
  }
  return {BSUB_CHECKPOINT_IO, std::move(message)};
}

}  // namespace bsub::ckpt
