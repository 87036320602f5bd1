#include "worker/spawner/event_loop.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "common/utf8.h"
#include "worker/launch/environment.h"
#include "worker/spawner/child.h"
#include "worker/spawner/files.h"
#include "worker/spawner/leftovers.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/machine_facts.h"
#include "worker/spawner/recovery.h"

namespace bsub::spawner {
namespace {

// A node's tasks come to a new agent in messages of so many, far below what a frame may hold. No setting: the
// list is the same.
constexpr int kTasksPerList = 1000;

// The group that may read spooled output: the agent's.
gid_t SpoolGroup(const std::optional<std::uint32_t>& agent_uid) {
  const passwd* agent = agent_uid ? getpwuid(*agent_uid) : nullptr;
  return agent == nullptr ? getegid() : agent->pw_gid;
}

// Inside another spawner's task ours carry its mark too.
std::string MarkerPrefix(const std::string& state_id) {
  const char* outer = std::getenv(std::string(worker::kMarkerName).c_str());
  return (outer == nullptr ? std::string() : std::string(outer) + ";") + state_id + ":";
}

std::string ScratchPath(const std::string& wanted, const StateDir& dir) {
  constexpr std::size_t kIdChars = 12;  // Unix sockets are made below it, whose paths are short
  if (access(wanted.c_str(), W_OK | X_OK) != 0) return dir.path() + "/scratch";
  return wanted + "/bsub-lite-" + dir.id().substr(0, kIdChars);
}

void SetAsideDamaged(const StateDir& dir, const RecoveredLog& log) {
  const std::string aside = dir.LogPath() + ".damaged";
  rename(dir.LogPath().c_str(), aside.c_str());
  const std::string note =
      log.kept_behind > 0 ? "the disk or a person changed it: ends may be missing, and their tasks run again"
                          : "a torn last record is normal after a crash";
  LogLine("event=log-damaged file=" + aside + " what=\"" + log.damage + "\" note=\"" + note +
          "; marked processes are ended all the same\"");
}

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::Create(const Settings& settings) {
  BSUB_ASSIGN_OR_RETURN(Poller poller, Poller::Create());
  BSUB_ASSIGN_OR_RETURN(LeasePage lease_page, LeasePage::Create(settings.lease_grace_us));
  std::unique_ptr<EventLoop> loop(new EventLoop(settings, std::move(poller), std::move(lease_page)));
  BSUB_RETURN_IF_ERROR(loop->Prepare());
  return loop;
}

Status EventLoop::Prepare() {
  const bool root = geteuid() == 0;
  BSUB_ASSIGN_OR_RETURN(StateDir dir,
                        StateDir::Open(settings_.state_dir, root || settings_.agent_uid.has_value()));
  dir_ = std::make_unique<StateDir>(std::move(dir));
  if (!settings_.launch_key.empty()) {
    BSUB_ASSIGN_OR_RETURN(worker::LaunchKey key, worker::LaunchKey::Load(settings_.launch_key));
    key_ = std::make_unique<worker::LaunchKey>(std::move(key));
  }
  // Orphans of tasks become our children, so that none is lost sight of.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
    return Unavailable(ErrnoText("prctl(PR_SET_CHILD_SUBREAPER)"));
  BSUB_RETURN_IF_ERROR(OpenSignals());

  BSUB_ASSIGN_OR_RETURN(TaskRunnerParts parts, MakeParts());
  BSUB_ASSIGN_OR_RETURN(RecoveredLog log, EndLeftovers(parts.boot_id, *parts.cgroups));
  BSUB_ASSIGN_OR_RETURN(runner_, TaskRunner::Create(std::move(parts), std::move(log.unacknowledged)));
  BSUB_ASSIGN_OR_RETURN(AgentLink link,
                        AgentLink::Listen(*dir_, {settings_.max_frame_bytes, settings_.agent_uid}, poller_));
  agent_ = std::make_unique<AgentLink>(std::move(link));
  sweep_ = std::make_unique<OutputSweep>(settings_.output_sweep, dir_->fd());
  SweepOutput();
  LogLine("event=ready state=" + dir_->path() + " spawner_id=" + spawner_id_ + " memory_limits=\"" +
          runner_->cgroups().Describe() + "\"");
  return OkStatus();
}

Status EventLoop::OpenSignals() {
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {  // ignored ones would be inherited by tasks
    if (signal != SIGKILL && signal != SIGSTOP) ::signal(signal, SIG_DFL);
  }
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  sigprocmask(SIG_SETMASK, &set, nullptr);
  signals_.Reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  timer_.Reset(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!signals_.valid() || !timer_.valid()) return Unavailable(ErrnoText("signalfd or timerfd"));
  BSUB_RETURN_IF_ERROR(poller_.Add(signals_.get()));
  return poller_.Add(timer_.get());
}

Result<TaskRunnerParts> EventLoop::MakeParts() {
  BSUB_ASSIGN_OR_RETURN(spawner_id_, RandomHex(16));
  BSUB_ASSIGN_OR_RETURN(boot_id_, ProcFs().BootId());
  TaskRunnerParts parts;
  parts.settings = &settings_;
  parts.dir = dir_.get();
  parts.poller = &poller_;
  parts.spawner_id = spawner_id_;
  parts.boot_id = boot_id_;
  self_.Reset(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  if (!self_.valid()) return Unavailable(ErrnoText("pidfd_open(2)"));
  parts.spawner_pidfd = self_.get();
  parts.lease = &lease_page_;
  parts.cgroups = settings_.cgroups == CgroupMode::kOff ? NoCgroups("switched off (--cgroups off)")
                                                        : DetectCgroups("bsub-" + dir_->id());
  LaunchRules& rules = parts.rules;
  rules.key = key_.get();
  rules.own_uid = geteuid();
  rules.can_change_user = geteuid() == 0;
  rules.node = settings_.node;
  rules.state_path = dir_->path();
  rules.state_dir = dir_->fd();
  rules.spool_group = SpoolGroup(settings_.agent_uid);
  rules.marker_prefix = MarkerPrefix(dir_->id());
  rules.own_home = HomeOf(geteuid());
  rules.binds_cpus = settings_.bind_cpus;
  rules.machine = LookAtMachine();
  rules.machine.step_patience_s = static_cast<std::uint32_t>(settings_.step_patience_us / 1'000'000);
  rules.scratch_path = ScratchPath(settings_.scratch_dir, *dir_);
  parts.scratch = std::make_unique<ScratchDirs>(rules.scratch_path, rules.can_change_user);
  return parts;
}

Result<RecoveredLog> EventLoop::EndLeftovers(const std::string& boot_id, CgroupTree& cgroups) {
  RecoveredLog log;
  if (const auto bytes = ReadFile(dir_->LogPath())) {
    log = RecoverTaskLog(*bytes);
    if (!log.damage.empty()) SetAsideDamaged(*dir_, log);
  } else if (bytes.error().code != Code::kNotFound) {
    return bytes.error();
  }
  const UniqueFd slots(open(dir_->SlotsPath().c_str(), O_RDONLY | O_CLOEXEC));
  AddRunning(slots.get(), log);
  const bool same_boot = log.boot_id == boot_id;
  LeftoverSigns signs{log.running, dir_->id()};
  if (!same_boot) signs.recorded.clear();  // another life of the machine
  const auto killed = KillLeftovers(ProcFs(), cgroups, signs, settings_.leftover_deadline_us);
  if (!killed) return killed.error();
  if (*killed > 0) LogLine("event=leftovers-killed processes=" + std::to_string(*killed));
  RecoverExits(slots.get(), log, same_boot, settings_.leftover_deadline_us);
  ClaimOutputs(dir_->fd(), log);
  return log;
}

Status EventLoop::Run() {
  for (;;) {
    const std::vector<Ready> all = poller_.Wait();
    // First what has happened, then what is wanted.
    for (const Ready& ready : all)
      if (runner_->IsWitness(ready.fd)) runner_->OnWitness(ready.fd);
    for (const Ready& ready : all)
      if (!runner_->IsWitness(ready.fd)) Handle(ready);
    runner_->Commit();
    v1::spawner::FromSpawner message;
    for (wire::TaskStatus& status : runner_->TakeReports()) {
      *message.mutable_task() = std::move(status);
      agent_->Send(message);
    }
    agent_->Flush();
    if (shutting_down_ && runner_->MayEnd()) break;
    ArmTimer();
  }
  RemoveGroups();
  LogLine("event=ended");
  return OkStatus();
}

void EventLoop::RemoveGroups() {
  if (const Status removed = runner_->cgroups().RemoveTree(); !removed)
    LogLine("event=groups-left error=\"" + removed.error().message + "\"");
}

void EventLoop::Handle(const Ready& ready) {
  if (ready.fd == signals_.get()) return OnSignals();
  if (ready.fd == timer_.get()) return OnTime();
  if (agent_->Owns(ready.fd))
    agent_->OnReady(ready, [this](const v1::spawner::ToSpawner& message) { OnAgent(message); });
}

void EventLoop::OnSignals() {
  signalfd_siginfo info{};
  bool children = false;
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) children = true;
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) ShutDown();
  }
  if (children) runner_->OnChildren();
}

void EventLoop::ShutDown() {
  LogLine(shutting_down_ ? "event=shutdown-now" : "event=shutdown");
  // Asked a second time: no more grace.
  runner_->StopAll(wire::SHUT_DOWN, shutting_down_ ? 0 : settings_.shutdown_grace_us,
                   "the node was shut down");
  shutting_down_ = true;
}

void EventLoop::OnAgent(const v1::spawner::ToSpawner& message) {
  CheckLease();  // first: what waited in the socket while the machine slept must not be obeyed
  using Body = v1::spawner::ToSpawner;
  switch (message.body_case()) {
    case Body::kHello:
      return OnHello(message.hello());
    case Body::kStart:
      if (lease_lost_) return runner_->Decline(message.start(), wire::LEASE_LOST, "the node lost its lease");
      if (shutting_down_)
        return runner_->Decline(message.start(), wire::SHUT_DOWN, "the node is shutting down");
      return runner_->Start(message.start());
    case Body::kStop:
      return runner_->Stop(KeyOf(message.stop().attempt()), message.stop().grace_us(),
                           message.stop().reason());
    case Body::kSignal:
      return runner_->Signal(message.signal());
    case Body::kNotice:
      return runner_->Notice(message.notice());
    case Body::kDie:
      LogLine("event=drill-kill");
      runner_->KillAll();
      kill(getpid(), SIGKILL);
      return;
    case Body::kAck:
      return runner_->Acknowledge(KeyOf(message.ack().attempt()));
    case Body::kList:
      return SendList();
    case Body::kLease:
      return OnLease(message.lease());
    case Body::BODY_NOT_SET:
      return;  // of a newer protocol
  }
}

void EventLoop::OnHello(const v1::spawner::AgentHello& hello) {
  if (hello.min_protocol() > kSpawnerProtocol || hello.protocol() < kOldestSpawnerProtocol) {
    return agent_->Refuse("the agent speaks spawner protocol " + std::to_string(hello.min_protocol()) +
                          " to " + std::to_string(hello.protocol()) + ", this spawner " +
                          std::to_string(kOldestSpawnerProtocol) + " to " + std::to_string(kSpawnerProtocol) +
                          "; drain the node and restart its spawner");
  }
  v1::spawner::FromSpawner message;
  v1::spawner::SpawnerHello& reply = *message.mutable_hello();
  reply.set_protocol(std::min(hello.protocol(), kSpawnerProtocol));
  reply.set_version(BSUB_VERSION);
  reply.set_spawner_id(spawner_id_);
  reply.set_boot_id(boot_id_);
  reply.set_state_id(dir_->id());
  reply.set_pid(getpid());
  reply.set_node(ToUtf8(settings_.node));
  reply.set_proof_required(key_ != nullptr);
  reply.set_memory_limits(ToUtf8(runner_->cgroups().Describe()));
  reply.set_lease_grace_us(settings_.lease_grace_us + settings_.lease_slack_us);
  reply.set_containment(settings_.cgroups == CgroupMode::kAll && runner_->cgroups().LimitsMemory()
                            ? "control group and session"
                            : "session, adoption and marker");
  agent_->Greet(message);
  SendList();
}

void EventLoop::SendList() {
  v1::spawner::FromSpawner message;
  v1::spawner::TaskList* list = message.mutable_tasks();
  for (wire::TaskStatus& status : runner_->List()) {
    if (list->tasks_size() == kTasksPerList) {
      agent_->Send(message);
      list->Clear();
    }
    *list->add_tasks() = std::move(status);
  }
  list->set_last(true);
  agent_->Send(message);
}

void EventLoop::OnLease(const v1::spawner::RenewLease& lease) {
  const bool over = lease.kill_on_loss() && lease.ends_us() <= BootTimeUs();
  if (over && lease_lost_) return;
  lease_lost_ = false;
  lease_ends_us_ = lease.kill_on_loss() ? std::max<std::int64_t>(lease.ends_us(), 1) : 0;
  lease_page_.SetEnd(lease_ends_us_);
  CheckLease();
}

void EventLoop::CheckLease() {
  const std::int64_t late_us = BootTimeUs() - lease_ends_us_;
  if (lease_ends_us_ == 0 || late_us < 0) return;
  lease_ends_us_ = 0;
  lease_lost_ = true;
  // A machine that slept through its lease has less grace to give, or none: its tasks may run elsewhere by
  // now.
  runner_->StopAll(wire::LEASE_LOST, std::max<std::int64_t>(0, settings_.lease_grace_us - late_us),
                   "the scheduler was silent for a whole lease");
}

void EventLoop::OnTime() {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const ssize_t got = read(timer_.get(), &expirations, sizeof expirations);
  armed_for_us_ = 0;
  CheckLease();
  runner_->OnTimer();
  if (sweep_at_us_ != 0 && sweep_at_us_ <= BootTimeUs()) SweepOutput();
}

void EventLoop::SweepOutput() {
  using namespace std::chrono;
  const auto now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  const std::size_t removed = sweep_->Step(now, [this](JobId job) { return runner_->Knows(job); });
  if (removed > 0) LogLine("event=output-removed jobs=" + std::to_string(removed));
  const std::int64_t pause = sweep_->PauseUs();
  sweep_at_us_ = pause == 0 ? 0 : BootTimeUs() + pause;
}

void EventLoop::ArmTimer() {
  std::int64_t next = runner_->NextDeadline();
  if (lease_ends_us_ != 0 && (next == 0 || lease_ends_us_ < next)) next = lease_ends_us_;
  if (sweep_at_us_ != 0 && (next == 0 || sweep_at_us_ < next)) next = sweep_at_us_;
  if (next == armed_for_us_) return;
  armed_for_us_ = next;
  ArmAt(timer_.get(), next);
}

}  // namespace bsub::spawner
