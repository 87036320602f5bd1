#include "worker/daemon/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "jobs/units.h"
#include "worker/launch/output_path.h"

namespace bsub::worker {
namespace {

constexpr std::size_t kScanBytes = 64 << 10;  // read at once while lines are counted from the end

// Of a descriptor that was opened with O_PATH.
UniqueFd OpenForReading(const UniqueFd& found) {
  const std::string path = "/proc/self/fd/" + std::to_string(found.get());
  return UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

Error CannotRead() {
  return PermissionDenied("the output file cannot be read by the node's agent: " +
                          std::string(std::strerror(errno)));
}

}  // namespace

Result<OutputFile> OutputFile::Open(int spool, const AttemptKey& attempt, bool standard_error) {
  const std::string path = SpoolPath(attempt, standard_error);
  struct stat entry {};
  if (fstatat(spool, path.c_str(), &entry, AT_SYMLINK_NOFOLLOW) != 0) {
    return NotFound("no output of attempt " + ToString(attempt) + " is on this node");
  }
  // To open a named pipe for reading, if only for a moment, lets its writer go on, and then breaks its pipe.
  const UniqueFd found(openat(spool, path.c_str(), O_PATH | O_CLOEXEC));
  struct stat file {};
  if (!found.valid() || fstat(found.get(), &file) != 0) {
    if (errno == ENOENT) return NotFound("the output file is not there (yet)");
    return CannotRead();
  }
  // A link leads to a file of the user's choice: show it only if it is theirs, whoever the agent runs as.
  const bool is_link = S_ISLNK(entry.st_mode);
  if (!S_ISREG(file.st_mode)) return FailedPrecondition("the output does not go to a regular file");
  if (is_link && file.st_uid != entry.st_uid) {
    return PermissionDenied("the output file belongs to uid " + std::to_string(file.st_uid) +
                            ", not to the job's owner");
  }
  UniqueFd fd = OpenForReading(found);
  if (!fd.valid()) return CannotRead();
  return OutputFile(std::move(fd), !is_link);
}

bool OutputFile::WroteNothing(int spool, const AttemptKey& attempt, bool standard_error) {
  const std::string path = SpoolPath(attempt, standard_error);
  struct stat entry {};
  return fstatat(spool, path.c_str(), &entry, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT &&
         fstatat(spool, path.substr(0, path.rfind('/')).c_str(), &entry, AT_SYMLINK_NOFOLLOW) == 0;
}

std::int64_t OutputFile::Size() const {
  struct stat info {};
  return fstat(fd_.get(), &info) == 0 ? static_cast<std::int64_t>(info.st_size) : 0;
}

std::string OutputFile::ReadAt(std::int64_t offset, std::size_t limit) const {
  std::string data(limit, '\0');
  ssize_t got;
  do {
    got = pread(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  data.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return data;
}

OutputFile::Part OutputFile::Next(std::int64_t offset, std::size_t limit) const {
  // Followers ask often and mostly in vain: that must not cost them a buffer.
  char first = 0;
  if (pread(fd_.get(), &first, 1, static_cast<off_t>(offset)) == 0) return {{}, offset};
  // A file system that knows no holes says that all is data.
  const off_t data = !spooled_ ? offset : lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA);
  if (data > offset) {
    return {"\n[bsub-lite: " + FormatBytes(data - offset) +
                " of output were dropped here: the attempt wrote more than its node keeps "
                "(rpc.max_output_bytes)]\n",
            data};
  }
  const off_t hole = data < 0 || !spooled_ ? -1 : lseek(fd_.get(), static_cast<off_t>(offset), SEEK_HOLE);
  if (hole > offset) limit = std::min(limit, static_cast<std::size_t>(hole - offset));
  std::string bytes = ReadAt(offset, limit);
  const auto next = offset + static_cast<std::int64_t>(bytes.size());
  return {std::move(bytes), next};
}

OutputFile::Gap OutputFile::LastGap(std::int64_t from) const {
  Gap gap{from, from};
  if (!spooled_) return gap;
  const std::int64_t size = Size();
  for (off_t at = static_cast<off_t>(from);;) {
    const off_t hole = lseek(fd_.get(), at, SEEK_HOLE);
    if (hole < 0 || hole >= size) return gap;
    at = lseek(fd_.get(), hole, SEEK_DATA);
    if (at <= hole) return gap;
    gap = {hole, at};
  }
}

std::int64_t OutputFile::TailOffset(std::int64_t bytes, std::int64_t lines) const {
  const std::int64_t size = Size();
  const Gap gap = LastGap(bytes > 0 ? std::max<std::int64_t>(0, size - bytes) : 0);
  if (lines <= 0) return bytes > 0 ? gap.end : 0;
  const std::int64_t first = gap.end;  // a dropped part holds no lines to count
  std::int64_t end = size;
  std::int64_t left = lines;
  while (end > first) {
    const std::int64_t start = std::max<std::int64_t>(first, end - static_cast<std::int64_t>(kScanBytes));
    const std::string block = ReadAt(start, static_cast<std::size_t>(end - start));
    for (std::size_t i = block.size(); i-- > 0;) {
      const std::int64_t at = start + static_cast<std::int64_t>(i);
      // The newline that ends the last line does not begin another.
      if (block[i] == '\n' && at + 1 < size && --left == 0) return at + 1;
    }
    end = start;
  }
  return gap.begin;  // with the word about what was dropped
}

}  // namespace bsub::worker
