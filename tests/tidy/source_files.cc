#include "tests/tidy/source_files.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/check.h"

namespace bsub::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 11> kFolders = {"common",     "jobs",    "scheduler", "worker",
                                                       "checkpoint", "kernels", "cli",       "sim",
                                                       "examples",   "tests",   "bench"};

std::vector<std::string> ReadLines(const fs::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::vector<SourceFile> ReadSources() {
  const char* root = std::getenv("BSUB_SOURCE_DIR");
  BSUB_CHECK(root != nullptr) << "BSUB_SOURCE_DIR is not set; run this through ctest";
  std::vector<SourceFile> files;
  for (const std::string_view folder : kFolders) {
    const fs::path top = fs::path(root) / folder;
    if (!fs::exists(top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(top)) {
      const std::string extension = entry.path().extension().string();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc" && extension != ".cpp"))
        continue;
      files.push_back({fs::relative(entry.path(), root).generic_string(), ReadLines(entry.path())});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace bsub::testing
