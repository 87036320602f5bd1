#include "worker/step/mpi_launcher.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>

#include "worker/launch/search_path.h"

namespace bsub::step {
namespace {

// Of one folder, in the order of preference: what the site's administrator chose, then each MPI by its own
// name.
constexpr std::array<const char*, 6> kLaunchers = {"mpirun",       "mpiexec",       "mpirun.openmpi",
                                                   "mpirun.mpich", "mpiexec.hydra", "orterun"};

std::string Resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real ? real.get() : path;
}

// In their order; an empty one is this one.
std::vector<std::string> FoldersOf(const std::string& path) {
  std::vector<std::string> folders;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t colon = std::min(path.find(':', begin), path.size());
    folders.push_back(path.substr(begin, colon - begin));
    begin = colon + 1;
  }
  return folders;
}

}  // namespace

std::string_view NameOf(MpiKind kind) {
  switch (kind) {
    case MpiKind::kOpenMpi:
      return "Open MPI";
    case MpiKind::kHydra:
      return "MPICH";
    case MpiKind::kUnknown:
      return "MPI";
  }
  return "MPI";
}

MpiKind KindOfLauncher(const std::string& resolved_path) {
  const std::string name = resolved_path.substr(resolved_path.rfind('/') + 1);
  if (name == "orterun" || name == "prterun" || name.find("openmpi") != std::string::npos)
    return MpiKind::kOpenMpi;
  if (name.find("hydra") != std::string::npos || name.find("mpich") != std::string::npos)
    return MpiKind::kHydra;
  return MpiKind::kUnknown;
}

Result<MpiLauncher> FindLauncher(MpiKind wanted, const std::string& path) {
  std::set<std::string> others;
  std::string seen;
  for (const std::string& folder : FoldersOf(path)) {
    std::optional<MpiLauncher> unknown;
    for (const char* name : kLaunchers) {
      const std::string found = worker::FindInPath(name, folder);
      if (found.empty()) continue;
      const std::string program = Resolved(found);
      const MpiKind kind = KindOfLauncher(program);
      if (wanted == MpiKind::kUnknown || kind == wanted) return MpiLauncher{found, kind};
      if (kind == MpiKind::kUnknown && !unknown) unknown = MpiLauncher{found, kind};
      if (kind != MpiKind::kUnknown && others.insert(program).second)
        seen += (seen.empty() ? "; there is " : ", ") + found + " of " + std::string(NameOf(kind));
    }
    if (unknown) return *unknown;
  }
  return NotFound("no mpirun of " + std::string(NameOf(wanted)) + " in the job's PATH" + seen +
                  "; install it on this node, or set PATH (a module to load?)");
}

std::vector<std::string> LauncherCommand(const MpiLauncher& launcher, std::uint32_t ranks,
                                         const std::string& wrapper,
                                         const std::vector<std::string>& program) {
  std::vector<std::string> command = {launcher.path, "-n", std::to_string(ranks)};
  if (launcher.kind != MpiKind::kOpenMpi) command.push_back(wrapper);
  command.insert(command.end(), program.begin(), program.end());
  return command;
}

}  // namespace bsub::step
