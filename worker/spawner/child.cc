#include "worker/spawner/child.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "worker/spawner/files.h"
#include "worker/spawner/witness_words.h"

extern char** environ;

namespace bsub::spawner {
namespace {

constexpr int kNeverStartedStatus = 127;

struct LimitName {
  std::string_view name;
  int resource;
};
constexpr std::array<LimitName, 16> kLimitNames = {{{"as", RLIMIT_AS},
                                                    {"core", RLIMIT_CORE},
                                                    {"cpu", RLIMIT_CPU},
                                                    {"data", RLIMIT_DATA},
                                                    {"fsize", RLIMIT_FSIZE},
                                                    {"locks", RLIMIT_LOCKS},
                                                    {"memlock", RLIMIT_MEMLOCK},
                                                    {"msgqueue", RLIMIT_MSGQUEUE},
                                                    {"nice", RLIMIT_NICE},
                                                    {"nofile", RLIMIT_NOFILE},
                                                    {"nproc", RLIMIT_NPROC},
                                                    {"rss", RLIMIT_RSS},
                                                    {"rtprio", RLIMIT_RTPRIO},
                                                    {"rttime", RLIMIT_RTTIME},
                                                    {"sigpending", RLIMIT_SIGPENDING},
                                                    {"stack", RLIMIT_STACK}}};

[[noreturn]] void NeverStarted(const std::string& reason,
                               v1::spawner::StopCause cause = v1::spawner::NOT_STOPPED) {
  Say(kReportFd, {.kind = WordKind::kNotStarted, .cause = cause, .reason = reason});
  _exit(kNeverStartedStatus);
}

std::string Who(const ChildPlan& plan) {
  const std::string uid = std::to_string(plan.uid);
  return plan.user_name.empty() ? "uid " + uid : plan.user_name + " (uid " + uid + ")";
}

// Nothing of the spawner's may leak into a task, above all not the other ends of its siblings' sockets: a
// sibling learns from its closed socket that the spawner died.
void KeepOnly(int spawner, int state_dir) {
  if (dup3(spawner, kReportFd, O_CLOEXEC) < 0) _exit(kNeverStartedStatus);
  const auto first = static_cast<unsigned>(kReportFd) + 1;
  const auto kept = static_cast<unsigned>(state_dir);
  if (kept > first) syscall(SYS_close_range, first, kept - 1, 0u);
  syscall(SYS_close_range, std::max(first, kept + 1), ~0u, 0u);
}

void JoinCgroup(const ChildPlan& plan) {
  if (plan.cgroup_join_file.empty()) return;
  const int fd = open(plan.cgroup_join_file.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "0", 1) != 1) NeverStarted(ErrnoText("cannot join cgroup", plan.cgroup_join_file));
  close(fd);
}

void BindToCpus(const ChildPlan& plan) {
  if (plan.cpus.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::uint32_t cpu : plan.cpus) {
    if (cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  }
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    NeverStarted(ErrnoText("cannot bind to the allocated CPUs"));
}

// Limits come from the submitting machine. What this node's own hard limits do not allow is lowered to them,
// also where the spawner is root and could raise them.
void SetLimits(const ChildPlan& plan) {
  for (const RlimitPlan& limit : plan.limits) {
    rlimit now{};
    getrlimit(static_cast<__rlimit_resource_t>(limit.resource), &now);
    const rlimit lowered{std::min(limit.value.rlim_cur, now.rlim_max),
                         std::min(limit.value.rlim_max, now.rlim_max)};
    if (setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &lowered) != 0) {
      NeverStarted(ErrnoText("cannot set limit", limit.name));
    }
  }
}

// The spawner has made it, and handed it over.
int OpenSpooled(const ChildPlan& plan, const std::string& path) {
  const int fd =
      openat(plan.state_dir, path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
  if (fd < 0) NeverStarted(ErrnoText("cannot open the output file in the node's spool", path));
  return fd;
}

int OpenUsers(const ChildPlan& plan, const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
  if (fd >= 0) return fd;
  std::string hint = "; check its permissions";
  if (errno == ENOENT) hint = "; its directory must exist on this node";
  if (errno == EISDIR) hint = "; name a file in it";
  NeverStarted(ErrnoText("cannot open output file", path) + " for " + Who(plan) + hint);
}

void BecomeUser(const ChildPlan& plan) {
  if (!plan.change_user) return;
  if (setgroups(plan.groups.size(), plan.groups.data()) != 0 || setgid(plan.gid) != 0 ||
      setuid(plan.uid) != 0) {
    NeverStarted(ErrnoText("cannot become " + Who(plan)));
  }
}

void EnterWorkingDirectory(const ChildPlan& plan) {
  if (chdir(plan.cwd.c_str()) == 0) return;
  std::string hint = "; make it accessible or submit from another directory";
  if (errno == ENOENT) hint = "; it must exist on this node";
  if (errno == ENOTDIR) hint = "; name a directory with --workdir";
  NeverStarted(ErrnoText("cannot enter working directory", plan.cwd) + " as " + Who(plan) + hint);
}

[[noreturn]] void NoCheckpointDirectory(const ChildPlan& plan) {
  NeverStarted(ErrnoText("cannot make checkpoint directory", plan.saves_to) + " as " + Who(plan) +
               "; name one with --checkpoint-dir that can be written on every node");
}

// The name of a new directory outlives the machine only so. One that may be written but not read cannot be
// synced, nor can some file systems.
bool SyncNames(const std::string& directory) {
  const UniqueFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return errno == EACCES;
  return fsync(fd.get()) == 0 || errno == EINVAL || errno == ENOTSUP;
}

// With all directories above it that are missing, as mkdir -p, durably.
void MakeCheckpointDirectory(const ChildPlan& plan) {
  const std::string& path = plan.saves_to;
  for (std::size_t begin = 0, end = path.find('/', 1); !path.empty();
       begin = end, end = path.find('/', end + 1)) {
    const bool made = mkdir(path.substr(0, end).c_str(), 0777) == 0;
    if (!made && errno != EEXIST && end == std::string::npos) NoCheckpointDirectory(plan);
    if (made && !SyncNames(begin == 0 ? "/" : path.substr(0, begin))) NoCheckpointDirectory(plan);
    if (end == std::string::npos) return;
  }
}

void MoveTo(int fd, int target) {
  if (dup2(fd, target) < 0) NeverStarted(ErrnoText("cannot set up standard streams"));
}

// Spooled files are opened by the spawner's rights, the user's own by theirs.
class Output {
 public:
  explicit Output(const ChildPlan& plan) : plan_(plan) {}
  void OpenPrivileged() {
    if (plan_.out.in_spool) out_ = OpenSpooled(plan_, plan_.out.path);
    if (plan_.err.in_spool) err_ = OpenSpooled(plan_, plan_.err.path);
  }
  void OpenAsUser() {
    if (out_ < 0) out_ = OpenUsers(plan_, plan_.out.path);
    if (err_ < 0 && !plan_.err.path.empty()) err_ = OpenUsers(plan_, plan_.err.path);
  }
  void Connect() {
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0) NeverStarted(ErrnoText("cannot open /dev/null"));
    MoveTo(null, STDIN_FILENO);
    MoveTo(out_, STDOUT_FILENO);
    MoveTo(err_ < 0 ? out_ : err_, STDERR_FILENO);
  }

 private:
  const ChildPlan& plan_;
  int out_ = -1;
  int err_ = -1;
};

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// "#!/bin/sh\r" is the usual reason why a script that is there has no interpreter.
bool FirstLineEndsInCr(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return false;
  const std::string start = ReadRest(fd.get(), 256);
  const std::size_t line = start.find('\n');
  return start.starts_with("#!") && line != std::string::npos && start[line - 1] == '\r';
}

std::string PathOf(const ChildPlan& plan) {
  for (const std::string& entry : plan.env) {
    if (entry.starts_with("PATH=")) return entry.substr(5);
  }
  return {};
}

// On the task's standard error, for who looks into why its program was not found: too long for the reason.
void ShowPath(const ChildPlan& plan) {
  const std::string line = "bsub-lite: PATH=" + PathOf(plan) + "\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

// "HOME=…", or empty.
std::string MissingHome(const ChildPlan& plan) {
  const std::string home = plan.needs_home ? HomeOf(plan.uid) : std::string();
  return home.empty() ? home : "HOME=" + home;
}

}  // namespace

std::string HomeOf(uid_t uid) {
  const passwd* entry = getpwuid(uid);
  return entry == nullptr ? std::string() : std::string(entry->pw_dir);
}

Result<std::vector<RlimitPlan>> PlanLimits(const v1::Launch& launch) {
  std::vector<RlimitPlan> plans;
  for (const v1::Limit& limit : launch.limits()) {
    const auto known = std::find_if(kLimitNames.begin(), kLimitNames.end(),
                                    [&limit](const LimitName& each) { return each.name == limit.name(); });
    if (known == kLimitNames.end()) {
      return InvalidArgument("limit '" + limit.name() +
                             "' is not known on this node; expected one such as nofile or core");
    }
    const auto value = [](std::int64_t n) { return n < 0 ? RLIM_INFINITY : static_cast<rlim_t>(n); };
    const rlimit both{std::min(value(limit.soft()), value(limit.hard())), value(limit.hard())};
    plans.push_back({known->resource, both, limit.name()});
  }
  return plans;
}

// The name of a program of this product in its folder ("bsub-lite-step"), which no user has to bring; or
// nothing.
std::string OwnProgram(const std::string& program) {
  const std::string name = program.substr(program.rfind('/') + 1);
  return name.starts_with("bsub-lite-") ? name : "";
}

std::string ExplainExecFailure(const ChildPlan& plan, int error) {
  const std::string& program = plan.argv[0];
  const bool has_slash = program.find('/') != std::string::npos;
  const std::string base = "cannot run '" + program + "': " + std::strerror(error);
  if (error == ENOENT && !has_slash) return base + "; it is in no directory of the job's PATH";
  if (error == ENOENT && FirstLineEndsInCr(program)) {
    return base + "; its first line ends in CR LF, convert it with: sed -i 's/\\r$//' '" + program + "'";
  }
  if (error == ENOENT && access(program.c_str(), F_OK) == 0) {
    return base + "; the file is there, but the interpreter or loader it names is not";
  }
  if (const std::string own = OwnProgram(program); error == ENOENT && !own.empty())
    return base + "; the installation on this node lacks " + own +
           ": build it (cmake --build --preset release --target programs) or install it";
  if (error == ENOENT) return base + "; it must exist on this node";
  struct stat info {};
  if (error == EACCES && stat(program.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
    return base + "; it is a directory, name a program in it";
  if (error == EACCES) return base + "; " + Who(plan) + " needs permission to execute it (chmod +x)";
  if (error == E2BIG) return base + "; pass large inputs in files";
  if (error == ENOEXEC) return base + "; it is neither a program of this machine nor a script with a #! line";
  return base;
}

void RunChild(const ChildPlan& plan, int spawner, std::atomic<bool>& executes,
              const std::function<std::string()>& why_not) {
  KeepOnly(spawner, plan.state_dir);
  setsid();
  JoinCgroup(plan);
  BindToCpus(plan);
  SetLimits(plan);
  Output output(plan);
  output.OpenPrivileged();
  BecomeUser(plan);
  umask(plan.umask);
  EnterWorkingDirectory(plan);
  MakeCheckpointDirectory(plan);
  output.OpenAsUser();
  output.Connect();
  std::string home = MissingHome(plan);
  if (const std::string reason = why_not(); !reason.empty()) NeverStarted(reason, v1::spawner::NODE_FAULT);

  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> argv = Pointers(plan.argv);
  std::vector<char*> env = Pointers(plan.env);
  if (!home.empty()) env.insert(env.end() - 1, home.data());
  environ = env.data();  // execvp looks for the program in the job's PATH, not the spawner's
  executes.store(true);
  execvp(argv[0], argv.data());
  const int error = errno;
  executes.store(false);
  if (error == ENOENT && plan.argv[0].find('/') == std::string::npos) ShowPath(plan);
  NeverStarted(ExplainExecFailure(plan, error));
}

}  // namespace bsub::spawner
