#include "cli/supervisor/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>

#include "cli/supervisor/daemon_spec.h"
#include "cli/supervisor/files.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

constexpr std::size_t kLongestSocketPath = 107;  // sun_path of sockaddr_un without its final NUL
constexpr int kStartPatienceMs =
    15'000;  // until the supervisor has its lock; one that is just ending has it 10 s
constexpr int kPollMs = 10;
constexpr std::uint64_t kLeastBytes = 64 * 1024;  // what records and the first lines of logs take

// The longest of the sockets that daemons make below the home.
std::string LongestSocket(const HomeLayout& layout, const ClusterFile& cluster) {
  const std::vector<std::string> names = cluster.NodeNames();
  const auto longest =
      std::max_element(names.begin(), names.end(),
                       [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  return layout.NodeDir(*longest) + "/spawner/spawner.sock";
}

class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  void Open(int fd, const std::string& path, int flags) {
    posix_spawn_file_actions_addopen(&actions_, fd, path.c_str(), flags, 0644);
  }
  void Duplicate(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  int Spawn(pid_t* pid, char* const* argv, char* const* environment) {
    return posix_spawn(pid, argv[0], &actions_, &attributes_, argv, environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

Result<pid_t> Spawn(const HomeLayout& layout, std::vector<std::string> words) {
  SpawnActions spawn;
  spawn.Open(0, "/dev/null", O_RDONLY);
  spawn.Open(1, layout.LogOf(kSupervisorName), O_WRONLY | O_CREAT | O_APPEND);
  spawn.Duplicate(1, 2);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  if (const int error = spawn.Spawn(&pid, argv.data(), environ); error != 0) {
    return FailedPrecondition("cannot start " + words[0] + ": " + std::strerror(error));
  }
  return pid;
}

// Where a supervisor cannot write its first file it cannot write to its log why.
bool DiskIsFull(const std::string& home) {
  struct statvfs disk {};
  return statvfs(home.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < kLeastBytes;
}

Error DidNotStart(const HomeLayout& layout, const std::string& what) {
  if (DiskIsFull(layout.home)) {
    return ResourceExhausted("the supervisor " + what + ": the disk of " + layout.home +
                             " is full; free some space there and try again");
  }
  const std::string log = layout.LogOf(kSupervisorName);
  return FailedPrecondition("the supervisor " + what + ": " + LastLines(log, 1) + " (" + log + ")");
}

}  // namespace

Result<std::string> ProgramsDirectory() {
  char path[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0) return Internal(std::string("/proc/self/exe cannot be read: ") + std::strerror(errno));
  const std::string_view self(path, static_cast<std::size_t>(n));
  return std::string(self.substr(0, self.rfind('/')));
}

Status CheckPrograms(const std::string& programs) {
  std::string missing;
  for (const std::string& name : ProgramNames()) {
    if (access((programs + "/" + name).c_str(), X_OK) == 0) continue;
    missing += (missing.empty() ? "" : ", ") + name;
  }
  if (missing.empty()) return OkStatus();
  return NotFound(missing + " not found in " + programs +
                  "; install all of bsub-lite's programs in one directory");
}

Status CheckHomeLength(const HomeLayout& layout, const ClusterFile& cluster) {
  const std::string socket = LongestSocket(layout, cluster);
  if (socket.size() <= kLongestSocketPath) return OkStatus();
  const std::size_t spare = kLongestSocketPath - (socket.size() - layout.home.size());
  return InvalidArgument("BSUB_LITE_HOME " + Quoted(layout.home) + " has " +
                         std::to_string(layout.home.size()) + " characters; at most " +
                         std::to_string(spare) +
                         " leave room for the names of sockets. Choose a shorter path");
}

Status CheckHomeMode(const HomeLayout& layout) {
  struct stat info {};
  if (stat(layout.home.c_str(), &info) != 0)
    return FailedPrecondition("cannot look at " + layout.home + ": " + std::strerror(errno));
  if ((info.st_mode & 0022) == 0) return OkStatus();
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(info.st_mode & 07777));
  return PermissionDenied("BSUB_LITE_HOME " + Quoted(layout.home) + " can be changed by other users (mode " +
                          mode + "); run: chmod go-w " + layout.home);
}

Status PrepareHome(const HomeLayout& layout, const ClusterFile& cluster) {
  BSUB_RETURN_IF_ERROR(CheckHomeLength(layout, cluster));
  BSUB_RETURN_IF_ERROR(MakeDirectory(layout.home));
  for (const std::string& folder : {layout.RunDir(), layout.LogDir()})
    BSUB_RETURN_IF_ERROR(MakeDirectory(folder));
  BSUB_RETURN_IF_ERROR(MakeDirectory(layout.SecretsDir(), 0700));
  for (const std::string& node : cluster.NodeNames())
    BSUB_RETURN_IF_ERROR(MakeDirectory(layout.NodeDir(node)));
  return OkStatus();
}

Result<std::optional<RunningSupervisor>> FindSupervisor(const HomeLayout& layout) {
  const auto record = ReadRecord(layout.RecordOf(kSupervisorName));
  if (!record) return std::optional<RunningSupervisor>();
  BSUB_ASSIGN_OR_RETURN(const bool held, LockFile::IsHeld(layout.SupervisorLock()));
  auto pidfd = OpenIfAlive(*record);
  if (!held || !pidfd) return std::optional<RunningSupervisor>();
  return std::optional(RunningSupervisor{*record, std::move(*pidfd)});
}

bool SpawnerWasKilled(const HomeLayout& layout, const ClusterFile& cluster) {
  const auto specs = DaemonsOf(cluster, layout, "");
  return std::any_of(specs.begin(), specs.end(), [&](const DaemonSpec& spec) {
    return spec.kind == DaemonKind::kSpawner && access(layout.RecordOf(spec.name).c_str(), F_OK) == 0;
  });
}

std::vector<std::string> LivingDaemons(const HomeLayout& layout, const ClusterFile& cluster) {
  std::vector<std::string> living;
  for (const DaemonSpec& spec : DaemonsOf(cluster, layout, "")) {
    const auto record = ReadRecord(layout.RecordOf(spec.name));
    if (record && OpenIfAlive(*record)) living.push_back(spec.name);
  }
  return living;
}

Result<RunningSupervisor> StartSupervisor(const HomeLayout& layout, const std::string& programs,
                                          bool stop_only) {
  std::vector<std::string> words = {programs + "/bsub-lite-supervisor", "--home", layout.home, "--programs",
                                    programs};
  if (stop_only) words.push_back("--stop");
  BSUB_ASSIGN_OR_RETURN(const pid_t pid, Spawn(layout, std::move(words)));
  const auto identity = IdentityOf(pid);
  auto pidfd = identity ? OpenIfAlive(*identity) : std::nullopt;
  for (int waited = 0; pidfd && waited < kStartPatienceMs; waited += kPollMs) {
    if (ReadRecord(layout.RecordOf(kSupervisorName)) == identity)
      return RunningSupervisor{*identity, std::move(*pidfd)};
    if (WaitForEnd(*pidfd, kPollMs)) break;
  }
  int status = 0;
  const bool ended = waitpid(pid, &status, WNOHANG) == pid;
  // With nothing to stop it may have come and gone already.
  if (ended && stop_only && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return RunningSupervisor{ProcessIdentity{.pid = pid, .start_ticks = 0, .boot_id = {}}, UniqueFd()};
  }
  return DidNotStart(layout, ended ? "did not start" : "is not ready");
}

}  // namespace bsub::cli
