#include "worker/launch/search_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace bsub::worker {
namespace {

// Else errno says why not. Directories have the same permission, for another purpose.
bool IsProgram(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return false;
  if (S_ISDIR(info.st_mode)) errno = EISDIR;
  return S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string FindInPath(const std::string& program, const std::string& path) {
  if (program.find('/') != std::string::npos) return IsProgram(program) ? program : "";
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t colon = std::min(path.find(':', begin), path.size());
    const std::string folder = colon == begin ? "." : path.substr(begin, colon - begin);
    if (const std::string full = folder + "/" + program; IsProgram(full)) return full;
    begin = colon + 1;
  }
  return "";
}

}  // namespace bsub::worker
