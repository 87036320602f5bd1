#include "worker/step/mpi_launcher.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <optional>

#include "worker/launch/search_path.h"

namespace bsub::step {
namespace {

// In the order of preference: what the site's administrator chose, then each MPI by its own name.
constexpr std::array<const char*, 6> kLaunchers = {"mpirun",       "mpiexec",       "mpirun.openmpi",
                                                   "mpirun.mpich", "mpiexec.hydra", "orterun"};

std::string Resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real ? real.get() : path;
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
  std::optional<MpiLauncher> unknown;
  std::string seen;
  for (const char* name : kLaunchers) {
    const std::string found = worker::FindInPath(name, path);
    if (found.empty()) continue;
    const MpiKind kind = KindOfLauncher(Resolved(found));
    if (wanted == MpiKind::kUnknown || kind == wanted) return MpiLauncher{found, kind};
    if (kind == MpiKind::kUnknown && !unknown) unknown = MpiLauncher{found, kind};
    if (kind != MpiKind::kUnknown)
      seen += (seen.empty() ? "; there is " : ", ") + found + " of " + std::string(NameOf(kind));
  }
  if (unknown) return *unknown;
  return NotFound("no mpirun of " + std::string(NameOf(wanted)) + " in PATH=" + path + seen +
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
