// bsub-lite-step: what the scheduler puts on the nodes of an MPI job.
//
//   bsub-lite-step                       on every node but the main one: the step server
//   bsub-lite-step ranks PROGRAM...      on the main node: starts the ranks by the installed mpirun
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "common/result.h"
#include "worker/launch/search_path.h"
#include "worker/step/gang.h"
#include "worker/step/mpi_launcher.h"
#include "worker/step/note_file.h"
#include "worker/step/processes.h"
#include "worker/step/program_mpi.h"
#include "worker/step/step_server.h"

namespace {

using bsub::step::Explain;
using bsub::step::Variable;

std::string FolderOfThisProgram() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size() - 1);
  const std::string whole(path.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return whole.substr(0, whole.rfind('/'));
}

// What the ranks are started by, or why that cannot be.
bsub::Result<std::string> RankProgram() {
  const std::string folder = FolderOfThisProgram();
  // mpirun divides the path of its launch agent at blanks, and gives it to a shell.
  if (folder.find_first_of(" \t\n'\"\\$`;&|<>()") != std::string::npos)
    return bsub::FailedPrecondition("bsub-lite is installed in '" + folder +
                                    "', and no mpirun can run its launch agent from there: install it in a "
                                    "directory without blanks, quotes and the like");
  for (const std::string name : {"bsub-lite-rank", "bsub-lite-rsh"}) {
    if (access((folder + "/" + name).c_str(), X_OK) == 0) continue;
    return bsub::NotFound("cannot run '" + folder + "/" + name + "': " + std::strerror(errno) +
                          "; the installation on this node lacks " + name +
                          ": build it (cmake --build --preset release --target programs) or install it");
  }
  return folder + "/bsub-lite-rank";
}

// For who looks into it; too long for the reason itself.
void ShowPath(const std::string& path) { std::fprintf(stderr, "bsub-lite: PATH=%s\n", path.c_str()); }

// Only returns if it cannot be done.
int StartRanks(const std::string& scratch, const std::vector<std::string>& program) {
  const std::string path = Variable("PATH");
  const std::string file = bsub::worker::FindInPath(program[0], path);
  if (file.empty()) {
    const bool named = program[0].find('/') != std::string::npos;
    if (!named) ShowPath(path);
    return Explain(scratch,
                   "cannot run '" + program[0] + "': " +
                       (named ? std::string(std::strerror(errno)) + "; it must be a program on every node"
                              : "it is in no directory of the job's PATH"));
  }
  const auto launcher = bsub::step::FindLauncher(bsub::step::MpiOfProgram(file), path);
  if (!launcher) return ShowPath(path), Explain(scratch, launcher.error().message);
  const auto rank_program = RankProgram();
  if (!rank_program) return Explain(scratch, rank_program.error().message);
  const auto ranks = static_cast<std::uint32_t>(std::strtoul(Variable("BSUB_RANKS").c_str(), nullptr, 10));
  std::vector<std::string> command = bsub::step::LauncherCommand(*launcher, ranks, *rank_program, program);
  std::vector<char*> argv;
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  return Explain(scratch, "cannot run '" + launcher->path + "': " + std::strerror(errno));
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kMisused = 2;
  const std::string what = argc > 1 ? argv[1] : "";
  if (argc == 1) {
    const auto gang = bsub::step::GangFromEnvironment(std::getenv);
    if (!gang) return Explain(Variable("BSUB_SCRATCH_DIR"), gang.error().message);
    return bsub::step::RunStepServer(*gang);
  }
  if (what == "ranks" && argc > 2) return StartRanks(Variable("BSUB_SCRATCH_DIR"), {argv + 2, argv + argc});
  std::fputs("bsub-lite-step: run by bsub-lite on the nodes of an MPI job; not for use by hand\n", stderr);
  return kMisused;
}
