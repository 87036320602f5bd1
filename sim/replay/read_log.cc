#include "sim/replay/read_log.h"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace bsub::sim {
namespace {

struct CloseLog {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr std::size_t kMostBytes = std::size_t{4} << 30;  // a bomb is not unpacked to the end

}  // namespace

// zlib reads what is not compressed as it is.
Result<std::string> ReadLog(const std::string& path) {
  errno = 0;
  const std::unique_ptr<gzFile_s, CloseLog> file(gzopen(path.c_str(), "rb"));
  if (!file) return NotFound(path + ": cannot be opened: " + std::strerror(errno));
  std::string text;
  std::vector<char> chunk(kChunk);
  for (;;) {
    const int n = gzread(file.get(), chunk.data(), static_cast<unsigned>(chunk.size()));
    int code = Z_OK;
    const char* const message = gzerror(file.get(), &code);
    // What ends in the middle of its compression reads as if it were whole, but for this.
    if (n < 0 || (code != Z_OK && code != Z_STREAM_END)) {
      return DataLoss(path + ": cannot be read: " + (code == Z_ERRNO ? std::strerror(errno) : message) +
                      "; fetch it again");
    }
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(n));
    if (text.size() > kMostBytes) return InvalidArgument(path + ": it holds more than 4 GiB of text");
  }
}

}  // namespace bsub::sim
