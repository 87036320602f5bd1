#include "cli/supervisor/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "cli/supervisor/daemons_file.h"
#include "cli/supervisor/log_cap.h"
#include "common/time.h"

namespace bsub::cli {
namespace {

constexpr Duration kKillAgain = std::chrono::seconds(1);          // after a KILL that has not worked yet
constexpr Duration kLookForFile = std::chrono::milliseconds(10);  // that a daemon needs before it starts
constexpr Duration kFarAway = std::chrono::hours(1);              // wake-up without a reason
constexpr Duration kLockPatience = std::chrono::seconds(10);      // with a supervisor that is just ending
constexpr int kLockPauseMs = 20;                                  // between tries to take its lock
constexpr int kMostSuccessors =
    3;  // of one spawner while stopping: what three could not end, a fourth cannot

Duration Now() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return std::chrono::seconds(t.tv_sec) +
         std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(t.tv_nsec));
}

void Log(const std::string& text) {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  const std::string at =
      FormatUtc(TimePoint(static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1000));
  std::fprintf(stderr, "%s %s\n", at.c_str(), text.c_str());
}

Result<LockFile> TakeLock(const HomeLayout& layout) {
  const Duration end = Now() + kLockPatience;
  for (;;) {
    BSUB_ASSIGN_OR_RETURN(auto lock, LockFile::Try(layout.SupervisorLock()));
    if (lock) return std::move(*lock);
    if (Now() >= end) return FailedPrecondition("another supervisor runs in " + layout.home);
    poll(nullptr, 0, kLockPauseMs);
  }
}

}  // namespace

Supervisor::Supervisor(HomeLayout layout, ClusterFile cluster, LockFile lock)
    : layout_(std::move(layout)), cluster_(std::move(cluster)), lock_(std::move(lock)) {}

Result<std::unique_ptr<Supervisor>> Supervisor::Create(const SupervisorOptions& options) {
  HomeLayout layout{options.home};
  BSUB_ASSIGN_OR_RETURN(LockFile lock, TakeLock(layout));
  BSUB_ASSIGN_OR_RETURN(auto cluster, LoadClusterFile(layout.ClusterFile()));
  if (!cluster) return NotFound(layout.ClusterFile() + " is missing; run bsub-lite up");
  std::unique_ptr<Supervisor> supervisor(
      new Supervisor(std::move(layout), std::move(*cluster), std::move(lock)));
  for (DaemonSpec& spec : DaemonsOf(supervisor->cluster_, supervisor->layout_, options.programs)) {
    supervisor->daemons_.emplace_back(std::move(spec), supervisor->layout_,
                                      supervisor->cluster_.supervisor.backoff);
  }
  BSUB_RETURN_IF_ERROR(supervisor->Begin());
  if (options.stop_only) supervisor->BeginStop();
  return supervisor;
}

Status Supervisor::Begin() {
  sigset_t handled;
  sigemptyset(&handled);
  sigaddset(&handled, SIGTERM);
  sigaddset(&handled, SIGINT);
  sigprocmask(SIG_BLOCK, &handled, nullptr);
  signals_ = UniqueFd(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) return Internal(std::string("signalfd: ") + std::strerror(errno));
  const auto self = IdentityOf(getpid());
  if (!self) return Internal("/proc cannot be read");
  BSUB_RETURN_IF_ERROR(WriteFileWhole(layout_.RecordOf(kSupervisorName), ToRecord(*self), Durable::kNo));
  Log("event=started pid=" + std::to_string(getpid()) + " daemons=" + std::to_string(daemons_.size()));
  const Duration now = Now();
  for (Daemon& daemon : daemons_) {
    if (daemon.Adopt(now))
      Log("event=adopted daemon=" + daemon.spec().name + " pid=" + std::to_string(daemon.pid()));
  }
  return OkStatus();
}

Status Supervisor::Run() {
  while (phase_ != Phase::kStopped) {
    if (phase_ == Phase::kRunning) StartDue();
    AdvanceStop();
    WriteStatus();
    CapLogs();
    if (phase_ != Phase::kStopped) WaitForNews();
  }
  Log("event=stopped");
  unlink(layout_.DaemonsFile().c_str());
  unlink(layout_.RecordOf(kSupervisorName).c_str());
  return OkStatus();
}

void Supervisor::StartDue() {
  const Duration now = Now();
  for (Daemon& daemon : daemons_) {
    if (daemon.running() || daemon.start_at() > now || !daemon.MayStart()) continue;
    if (const Status started = daemon.Start(now); !started) {
      Log("event=start-failed daemon=" + daemon.spec().name + " error=\"" + started.error().message + "\"");
    } else {
      Log("event=start daemon=" + daemon.spec().name + " pid=" + std::to_string(daemon.pid()));
    }
  }
}

void Supervisor::WaitForNews() {
  std::vector<pollfd> entries = {{.fd = signals_.get(), .events = POLLIN, .revents = 0}};
  // A negative descriptor is passed over: that daemon does not run.
  for (const Daemon& daemon : daemons_)
    entries.push_back({.fd = daemon.pidfd(), .events = POLLIN, .revents = 0});
  const Duration wait = NextDeadline(Now());
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  if (poll(entries.data(), entries.size(), static_cast<int>(millis)) <= 0) return;
  const Duration now = Now();
  for (std::size_t i = 0; i < daemons_.size(); ++i) {
    if (entries[i + 1].revents == 0) continue;
    daemons_[i].OnEnd(now);
    Log("event=ended daemon=" + daemons_[i].spec().name + " how=\"" + daemons_[i].last_end() +
        "\" restarts=" + std::to_string(daemons_[i].restarts()));
  }
  if (entries[0].revents != 0) OnSignals();
}

Duration Supervisor::NextDeadline(Duration now) const {
  Duration at = cluster_.supervisor.log_bytes > 0 ? cap_logs_at_ : now + kFarAway;
  if (phase_ != Phase::kRunning) at = std::min(at, phase_ends_);
  for (const Daemon& daemon : daemons_) {
    if (phase_ != Phase::kRunning || daemon.running()) continue;
    at = std::min(at, daemon.MayStart() ? daemon.start_at() : now + kLookForFile);
  }
  return std::max(at - now, Duration{});
}

void Supervisor::OnSignals() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == sizeof info) BeginStop();
}

void Supervisor::BeginStop() {
  ++stop_requests_;
  Log(stop_requests_ == 1 ? "event=stop" : "event=stop-now");
  if (phase_ == Phase::kRunning) return EnterPhase(Phase::kStoppingAgents);
  // TERM a second time, or with INT beside a TERM that is still pending: the spawner gives its tasks no more
  // grace.
  if (phase_ == Phase::kStoppingSpawners) SignalAll(DaemonKind::kSpawner, SIGINT);
}

void Supervisor::EnterPhase(Phase phase) {
  phase_ = phase;
  const SupervisorSettings& settings = cluster_.supervisor;
  switch (phase) {
    case Phase::kStoppingAgents:
      SignalAll(DaemonKind::kAgent, SIGTERM);
      phase_ends_ = Now() + settings.agent_stop;
      return;
    case Phase::kStoppingSpawners:
      SignalAll(DaemonKind::kSpawner, SIGTERM);
      if (stop_requests_ > 1) SignalAll(DaemonKind::kSpawner, SIGINT);
      phase_ends_ = Now() + settings.task_stop + settings.spawner_stop;
      EndLeftovers();
      return;
    case Phase::kStoppingScheduler:
      SignalAll(DaemonKind::kScheduler, SIGTERM);
      phase_ends_ = Now() + settings.scheduler_stop;
      return;
    case Phase::kRunning:
    case Phase::kStopped:
      return;
  }
}

// A spawner that was killed, froze or was not there leaves its tasks running.
void Supervisor::EndLeftovers() {
  const Duration now = Now();
  for (Daemon& daemon : daemons_) {
    if (daemon.spec().kind != DaemonKind::kSpawner || daemon.running() || daemon.ended_well()) continue;
    if (!daemon.MayStart() || successors_[daemon.spec().name]++ >= kMostSuccessors) continue;
    if (const Status started = daemon.Start(now, "--end-leftovers"); !started) {
      Log("event=start-failed daemon=" + daemon.spec().name + " error=\"" + started.error().message + "\"");
      continue;
    }
    Log("event=start daemon=" + daemon.spec().name + " pid=" + std::to_string(daemon.pid()) +
        " reason=\"to end what its predecessor left\"");
    phase_ends_ = std::max(phase_ends_, now + cluster_.supervisor.spawner_stop);
  }
}

void Supervisor::AdvanceStop() {
  if (phase_ == Phase::kStoppingSpawners) EndLeftovers();
  struct Stage {
    Phase phase;
    DaemonKind kind;
    Phase next;
  };
  static constexpr Stage kStages[] = {
      {Phase::kStoppingAgents, DaemonKind::kAgent, Phase::kStoppingSpawners},
      {Phase::kStoppingSpawners, DaemonKind::kSpawner, Phase::kStoppingScheduler},
      {Phase::kStoppingScheduler, DaemonKind::kScheduler, Phase::kStopped}};
  for (const Stage& stage : kStages) {
    if (phase_ != stage.phase) continue;
    if (!AnyRunning(stage.kind)) {
      EnterPhase(stage.next);
    } else if (Now() >= phase_ends_) {
      Log("event=kill reason=\"did not end in time\"");
      SignalAll(stage.kind, SIGKILL);
      phase_ends_ = Now() + kKillAgain;
    }
  }
}

bool Supervisor::AnyRunning(DaemonKind kind) const {
  return std::any_of(daemons_.begin(), daemons_.end(),
                     [kind](const Daemon& daemon) { return daemon.spec().kind == kind && daemon.running(); });
}

void Supervisor::SignalAll(DaemonKind kind, int signal) const {
  for (const Daemon& daemon : daemons_) {
    if (daemon.spec().kind == kind) daemon.Signal(signal);
  }
}

void Supervisor::CapLogs() {
  const Duration now = Now();
  if (now < cap_logs_at_) return;
  cap_logs_at_ = now + cluster_.supervisor.log_look;
  std::string problem;
  const auto cap = [&](std::string_view name) {
    const auto capped = CapLog(layout_.LogOf(name), cluster_.supervisor.log_bytes);
    if (!capped && problem.empty()) problem = capped.error().message;
  };
  for (const Daemon& daemon : daemons_) cap(daemon.spec().name);
  cap(kSupervisorName);
  if (!problem.empty() && problem != log_problem_) Log("event=log-not-capped error=\"" + problem + "\"");
  log_problem_ = problem;
}

void Supervisor::WriteStatus() {
  std::vector<DaemonStatus> statuses;
  for (const Daemon& daemon : daemons_) {
    statuses.push_back(
        {daemon.spec().name, daemon.pid(), daemon.restarts(), daemon.last_end(), daemon.gave_up()});
  }
  std::string text = ToJson(statuses);
  if (text == written_) return;
  // For people and for `up` only: if the disk is full, supervising goes on.
  if (const Status status = WriteFileWhole(layout_.DaemonsFile(), text, Durable::kNo); !status) {
    Log("event=status-failed error=\"" + status.error().message + "\"");
  }
  written_ = std::move(text);
}

}  // namespace bsub::cli
