#include "cli/run_tool.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/supervisor/launch.h"

namespace bsub::cli {

Error RunTool(std::string_view name, const std::vector<std::string>& words) {
  const auto programs = ProgramsDirectory();
  if (!programs) return programs.error();
  std::vector<std::string> all = {*programs + "/" + std::string(name)};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(argv.front(), argv.data());
  const int error = errno;
  const std::string base = "cannot run " + all.front() + ": " + std::strerror(error);
  if (error != ENOENT) return Internal(base);
  return Internal(base + "; this installation lacks " + std::string(name) +
                  ": build it (cmake --build --preset release --target programs) or install it");
}

}  // namespace bsub::cli
