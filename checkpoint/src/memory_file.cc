#include "checkpoint/src/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bsub::ckpt {
namespace {

Failure MemoryFailure(const std::string& what) {
  return {errno == ENOMEM || errno == ENOSPC ? BSUB_CHECKPOINT_NO_MEMORY : BSUB_CHECKPOINT_IO,
          what + " a file in memory: " + std::strerror(errno)};
}

}  // namespace

Outcome<MemoryFile> MemoryFile::Make(std::uint64_t most_bytes) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < most_bytes) {
    return Failure{BSUB_CHECKPOINT_IO, "a file of " + std::to_string(most_bytes) +
                                           " bytes is needed and this process may have files of " +
                                           std::to_string(limit.rlim_cur) + " (ulimit -f)"};
  }
  const int fd = ::memfd_create("bsub-checkpoint", MFD_CLOEXEC);
  if (fd < 0) return MemoryFailure("cannot make");
  return MemoryFile(fd);
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

MemoryFile& MemoryFile::operator=(MemoryFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

MemoryFile::~MemoryFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::string MemoryFile::path() const { return "/proc/self/fd/" + std::to_string(fd_); }

Outcome<std::uint64_t> MemoryFile::Size() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return MemoryFailure("cannot look at");
  return static_cast<std::uint64_t>(status.st_size);
}

Done MemoryFile::ReadAt(void* data, std::uint64_t bytes, std::uint64_t offset) const {
  auto* to = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::pread(fd_, to, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return MemoryFailure("cannot read");
    if (n == 0) return InternalFailure("a file in memory is shorter than its structure");
    to += n;
    bytes -= static_cast<std::uint64_t>(n);
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

Outcome<std::string> MemoryFile::ReadWhole() const {
  CKPT_ASSIGN_OR_RETURN(const std::uint64_t size, Size());
  std::string bytes(size, '\0');
  CKPT_RETURN_IF_FAILED(ReadAt(bytes.data(), size, 0));
  return bytes;
}

void MemoryFile::Forget(std::uint64_t offset, std::uint64_t bytes) {
  static_cast<void>(::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                                static_cast<off_t>(bytes)));
}

}  // namespace bsub::ckpt
