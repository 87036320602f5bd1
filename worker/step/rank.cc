#include "worker/step/rank.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "worker/launch/rank_ends.h"
#include "worker/launch/search_path.h"
#include "worker/launch/shared_memory.h"
#include "worker/launch/wait_status.h"
#include "worker/step/note_file.h"
#include "worker/step/note_socket.h"
#include "worker/step/processes.h"
#include "worker/step/program_mpi.h"
#include "worker/step/rank_cpus.h"

namespace bsub::step {
namespace {

// As mpirun's daemons tell it: Open MPI's, Hydra's.
std::string OwnRank() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"}) {
    if (std::string rank = Variable(name); !rank.empty()) return rank;
  }
  return "?";
}

bool IsHydras() {
  return std::getenv("PMI_RANK") != nullptr && std::getenv("OMPI_COMM_WORLD_RANK") == nullptr;
}

bool IsOfNode(std::string_view name) {
  return name.starts_with("BSUB_") || name.starts_with("AWS_BATCH_") || name.starts_with("LSB_");
}

// Hydra gives its ranks mpiexec's environment, which is the main node's. What this node's part was given is
// in that of the daemon that starts us.
void TakeFactsOfNode() {
  unsetenv("BSUB_TASK_CPUS");  // which not every node has
  std::ifstream environment("/proc/" + std::to_string(getppid()) + "/environ");
  for (std::string entry; std::getline(environment, entry, '\0');) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || !IsOfNode(entry)) continue;
    setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
  }
}

// mpirun hands on its own: memory that is shared on this node must be in this node's directory.
void TakeOwnDirectory() {
  unsetenv("OMPI_MCA_orte_local_tmpdir_base");  // mpirun's alone
  if (const char* users = std::getenv(kUsersTmpdirName); users != nullptr) {
    if (*users == '\0')
      unsetenv("TMPDIR");
    else
      setenv("TMPDIR", users, 1);
    unsetenv(kUsersTmpdirName);
  }
  const std::string scratch = Variable("BSUB_SCRATCH_DIR");
  const std::string defaults = "," + Variable("BSUB_MPI_DEFAULTS") + ",";
  for (const char* name : worker::kBackingDirectories) {
    if (!scratch.empty() && defaults.find(std::string(",") + name + ",") != std::string::npos)
      setenv(name, scratch.c_str(), 1);
  }
}

// To the main node's file: the scheduler hears of the end from there.
void Tell(const std::string& line) {
  const std::string notes = Variable(kNotesName);
  if (!notes.empty() && SendNote(notes, line)) return;
  if (const std::string scratch = Variable("BSUB_SCRATCH_DIR"); !scratch.empty()) AppendNote(scratch, line);
}

[[noreturn]] void NeverRun(const std::string& why) {
  const std::string whole = "rank " + OwnRank() + " on node " + Variable("BSUB_NODE") + ": " + why;
  std::fprintf(stderr, "bsub-lite-rank: %s\n", whole.c_str());
  Tell(worker::NeverStartedLine(whole));
  _exit(kNotFound);
}

void SendOutputTo(const std::string& pattern) {
  const std::string path =
      ExpandRankPath(pattern, {OwnRank(), Variable("BSUB_NODE"), Variable("BSUB_JOB_ID")});
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0666);
  if (fd < 0) NeverRun("cannot open its output file '" + path + "': " + strerror(errno));
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  close(fd);
}

// Each rank of such a program would run alone, as rank 0 of 1.
void RefuseOtherMpi(const std::string& program) {
  const MpiKind launchers = std::getenv("OMPI_COMM_WORLD_RANK") != nullptr ? MpiKind::kOpenMpi
                            : IsHydras()                                   ? MpiKind::kHydra
                                                                           : MpiKind::kUnknown;
  const std::string file = worker::FindInPath(program, Variable("PATH"));
  if (launchers == MpiKind::kUnknown || file.empty()) return;
  const MpiKind programs = MpiOfProgram(file);
  if (programs == MpiKind::kUnknown || programs == launchers) return;
  const std::string name(NameOf(programs));
  NeverRun("'" + program + "' is linked with " + name + ", and mpirun is " + std::string(NameOf(launchers)) +
           "'s; call " + name + "'s, or submit with --mpi");
}

[[noreturn]] void BecomeProgram(char* const* argv, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kNotFound);
  UnblockSignals();
  if (const std::string pattern = Variable("BSUB_RANK_OUTPUT"); !pattern.empty()) SendOutputTo(pattern);
  RefuseOtherMpi(argv[0]);
  BindToOwnCpus();
  execvp(argv[0], argv);
  NeverRun(std::string("cannot run '") + argv[0] + "': " + strerror(errno));
}

// mpirun's daemon sends signals to the process group, in which the rank is too.
void LeaveSignalsToTheRank() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

// Hydra ends a job for a rank that was ended by a signal, but not for one that exited with a code: the others
// would wait for it for ever.
bool IsOverlooked(int wait_status) {
  return IsHydras() && !WIFSIGNALED(wait_status) && WEXITSTATUS(wait_status) != 0;
}

[[noreturn]] void EndBySignal(int number, int otherwise) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);  // the rank's own is there
  signal(number, SIG_DFL);
  UnblockSignals();
  raise(number);
  _exit(otherwise);
}

[[noreturn]] void EndLike(int wait_status) {
  if (IsOverlooked(wait_status)) EndBySignal(SIGABRT, worker::ShellStatus(wait_status));
  if (WIFSIGNALED(wait_status)) EndBySignal(WTERMSIG(wait_status), worker::ShellStatus(wait_status));
  _exit(WEXITSTATUS(wait_status));
}

}  // namespace

std::string ExpandRankPath(std::string_view pattern, const RankNames& names) {
  std::string path;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char next = pattern[i] == '%' && i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    const std::string* value = next == 'r'   ? &names.rank
                               : next == 'n' ? &names.node
                               : next == 'j' ? &names.job
                                             : nullptr;
    if (value == nullptr && next != '%') {
      path.push_back(pattern[i]);
      continue;
    }
    path += value == nullptr ? "%" : *value;
    ++i;
  }
  return path;
}

int RunRank(std::vector<char*> argv) {
  // Its daemon has one thread, and gives ranks sessions of their own. Open MPI's starts them from threads
  // that may end before they do.
  if (IsHydras()) prctl(PR_SET_PDEATHSIG, SIGKILL);
  TakeFactsOfNode();
  TakeOwnDirectory();
  argv.push_back(nullptr);
  LeaveSignalsToTheRank();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return kCannotServe;
  if (pid == 0) BecomeProgram(argv.data(), parent);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string line = worker::RankEndLine(OwnRank(), Variable("BSUB_NODE"), status);
  if (!line.empty()) Tell(line);
  EndLike(status);
}

}  // namespace bsub::step
