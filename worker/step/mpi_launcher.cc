#include "worker/step/mpi_launcher.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>

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

std::string FindInPath(const std::string& program, const std::string& path) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0 ? program : "";
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t colon = std::min(path.find(':', begin), path.size());
    const std::string folder = colon == begin ? "." : path.substr(begin, colon - begin);
    if (const std::string full = folder + "/" + program; access(full.c_str(), X_OK) == 0) return full;
    begin = colon + 1;
  }
  return "";
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
  std::string seen;
  for (const char* name : kLaunchers) {
    const std::string found = FindInPath(name, path);
    if (found.empty()) continue;
    const MpiKind kind = KindOfLauncher(Resolved(found));
    if (wanted == MpiKind::kUnknown || kind == wanted || kind == MpiKind::kUnknown)
      return MpiLauncher{found, kind};
    seen += (seen.empty() ? "; there is " : ", ") + found + " of " + std::string(NameOf(kind));
  }
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
