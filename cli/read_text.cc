#include "cli/read_text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace bsub::cli {

Result<std::string> ReadText(const std::string& what, std::istream& in, std::size_t most) {
  constexpr std::size_t kPiece = std::size_t{64} << 10;
  std::string text;
  while (in) {
    const std::size_t had = text.size();
    if (had > most) {
      return InvalidArgument(what + ": is larger than " + std::to_string(most >> 20) +
                             " MiB, which no cluster takes; name a smaller file");
    }
    text.resize(had + std::min(std::max(kPiece, had), most + 1 - had));
    in.read(text.data() + had, static_cast<std::streamsize>(text.size() - had));
    text.resize(had + static_cast<std::size_t>(in.gcount()));
  }
  return text;
}

Result<std::string> ReadTextFile(const std::string& what, const std::string& path, std::size_t most) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return InvalidArgument(what + ": is a directory; name a file");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidArgument(what + ": " + std::strerror(errno));
  return ReadText(what, file, most);
}

}  // namespace bsub::cli
