#include "worker/daemon/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "common/utf8.h"
#include "worker/rpc/translation.h"

namespace bsub::worker {
namespace {

constexpr std::int32_t kProtocol = 2;
constexpr std::int32_t kOldestProtocol = 1;

// Steady, and goes on while the machine sleeps, so that leases do.
TimePoint Now() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return TimePoint(static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
}

std::uint64_t Seed() {
  return static_cast<std::uint64_t>(Now().micros()) ^ static_cast<std::uint64_t>(getpid()) << 40;
}

sigset_t EndSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

LogReaderSettings LogSettings(const AgentSettings& s) {
  return {s.spawner_socket.substr(0, s.spawner_socket.rfind('/')), s.tail_bytes, s.log_look_interval,
          s.log_chunk_bytes, s.max_queued_log_bytes};
}

}  // namespace

void PrepareSignals() {
  const sigset_t set = EndSignals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

Agent::Agent(const AgentSettings& settings)
    : settings_(settings),
      core_(settings.node),
      spawner_(settings.spawner_socket, settings.max_frame_bytes, BSUB_VERSION),
      scheduler_(settings.scheduler, mailbox_),
      backoff_(settings.reconnect_first, settings.reconnect_longest, Seed()) {}

Agent::~Agent() {
  logs_.reset();  // before the link it sends to
}

Status Agent::Run() {
  BSUB_RETURN_IF_ERROR(OpenSignals());
  LoadClusterUuid();
  if (settings_.interruptible && settings_.tail_interval > Duration(0)) tails_at_ = Now();
  TryConnectSpawner();
  BSUB_RETURN_IF_ERROR(WatchMetadata());
  spdlog::info("event=started node={} scheduler={} cpus={} memory={}", settings_.name,
               settings_.scheduler.target, settings_.total.cpu_milli / 1000.0, settings_.total.mem_bytes);
  while (!ending_) {
    WaitForSomething();
    spawner_.Flush();
  }
  scheduler_.Close();
  return failure_;
}

Status Agent::OpenSignals() {
  const sigset_t set = EndSignals();
  signals_.Reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) return Unavailable("signalfd failed");
  return OkStatus();
}

void Agent::WaitForSomething() {
  TimePoint next = wake_at_;
  if (open_stream_at_.set()) next = std::min(next, open_stream_at_);
  next = std::min(next, tails_at_);
  if (!spawner_.connected()) next = std::min(next, connect_spawner_at_);
  if (leaving_) next = std::min(next, notice_->at);
  constexpr std::int64_t kLongestMs = 60'000;
  const std::int64_t wait_us = next == TimePoint::Max() ? kLongestMs * 1000 : (next - Now()).count();
  const auto wait_ms = std::clamp<std::int64_t>((wait_us + 999) / 1000, 0, kLongestMs);
  const short spawner_events = static_cast<short>(POLLIN | (spawner_.wants_to_write() ? POLLOUT : 0));
  std::array<pollfd, 4> fds = {{{signals_.get(), POLLIN, 0},
                                {mailbox_.fd(), POLLIN, 0},
                                {spawner_.connected() ? spawner_.fd() : -1, spawner_events, 0},
                                {metadata_news_.fd(), POLLIN, 0}}};
  if (poll(fds.data(), fds.size(), static_cast<int>(wait_ms)) > 0) {
    if (fds[0].revents != 0) OnSignal();
    if (ending_) return;
    if (fds[3].revents != 0) OnMetadata();
    if (fds[2].revents != 0) OnSpawner();
    if (fds[1].revents != 0) OnScheduler();
  }
  OnTime();
}

Status Agent::WatchMetadata() {
  if (settings_.metadata.address.empty()) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(metadata_, MetadataWatch::Start(settings_.metadata, [this](MetadataWatch::News news) {
                          metadata_news_.Put(std::move(news));
                        }));
  return OkStatus();
}

void Agent::OnSignal() {
  signalfd_siginfo info{};
  const bool read_one = read(signals_.get(), &info, sizeof info) == sizeof info;
  const bool term = read_one && info.ssi_signo == SIGTERM;
  if (term && !leaving_ && settings_.notice_on_term > Duration(0) && core_.registered()) {
    BeginNotice(Now() + settings_.notice_on_term, "the node was told to end (SIGTERM)");
    leaving_ = true;
    return;
  }
  ending_ = true;
  spdlog::info("event=ending reason=signal");
}

void Agent::OnMetadata() {
  for (const MetadataWatch::News& news : metadata_news_.TakeAll()) {
    if (!news.trouble.empty()) {
      spdlog::warn("event=metadata-trouble error=\"{}\"", news.trouble);
      continue;
    }
    if (news.rebalance) {
      spdlog::warn("event=rebalance-recommended");
      rebalance_ = true;
      TellOfRebalance();
      continue;
    }
    using namespace std::chrono;
    const TimePoint wall(duration_cast<microseconds>(system_clock::now().time_since_epoch()).count());
    const Duration remaining = std::max(news.action.at - wall, Duration(0));
    BeginNotice(Now() + remaining, "EC2 says " + news.action.action + " at " + FormatUtc(news.action.at),
                news.action.action);
  }
}

void Agent::BeginNotice(TimePoint at, std::string reason, std::string action) {
  spdlog::warn("event=notice remaining_us={} reason=\"{}\"", (at - Now()).count(), reason);
  notice_ = OwnNotice{at, std::move(reason), std::move(action)};
  TellOfNotice();
}

void Agent::TellOfRebalance() {
  if (!rebalance_ || !core_.registered()) return;
  v1::FromNode message;
  message.set_incarnation(core_.incarnation().value());
  message.mutable_taken_away()->set_recommended(true);
  message.mutable_taken_away()->set_reason("EC2 recommends to leave it (rebalance)");
  scheduler_.Send(std::move(message));
  rebalance_ = false;  // once: who gives the node back knows better
}

void Agent::TellOfNotice() {
  if (!notice_ || !core_.registered()) return;
  v1::FromNode message;
  message.set_incarnation(core_.incarnation().value());
  message.mutable_taken_away()->set_remaining_us(std::max((notice_->at - Now()).count(), std::int64_t{0}));
  message.mutable_taken_away()->set_reason(ToUtf8(notice_->reason));
  scheduler_.Send(std::move(message));
}

void Agent::OnStrike(const v1::Strike& strike) {
  spdlog::warn("event=drill kill={} cut_off_us={}", strike.kill(), strike.cut_off_us());
  if (strike.kill()) {
    spawner_.SendDie();
    spawner_.Flush();
    kill(getpid(), SIGKILL);
    return;
  }
  cut_off_until_ = Now() + Duration(strike.cut_off_us());
  call_ = 0;
  scheduler_.Close();
  Feed(StreamClosed{"a drill cuts the node off"});
}

void Agent::OnSpawner() {
  spawner_.OnReadable([this](InputBody heard) {
    std::vector<AttemptKey> over;
    if (const SpawnerUp* up = std::get_if<SpawnerUp>(&heard)) {
      spdlog::info("event=spawner-up spawner={} tasks={} memory_limits=\"{}\"", up->spawner_id,
                   up->tasks.size(), spawner_.hello().memory_limits());
      for (const TaskState& task : up->tasks) {
        if (task.ended) over.push_back(task.attempt);
      }
    } else if (const TaskReported* report = std::get_if<TaskReported>(&heard)) {
      if (report->task.ended) over.push_back(report->task.attempt);
    } else {
      spdlog::warn("event=spawner-down");
    }
    Feed(std::move(heard));
    const std::uint64_t incarnation = core_.registered() ? core_.incarnation().value() : 0;
    for (const AttemptKey& attempt : over) {
      if (logs_) logs_->AttemptOver(attempt, incarnation);
    }
  });
  if (spawner_.connected()) return;
  connect_spawner_at_ = Now() + settings_.spawner_retry;
  if (spawner_.refusal()) {
    failure_ = *spawner_.refusal();
    ending_ = true;
  }
}

void Agent::TryConnectSpawner() {
  if (const Status connected = spawner_.Connect(); !connected)
    connect_spawner_at_ = Now() + settings_.spawner_retry;
}

void Agent::OnScheduler() {
  for (LinkEvent& event : mailbox_.TakeAll()) {
    if (event.call != call_) continue;  // of a stream that was given up
    if (!event.message) {
      call_ = 0;
      spdlog::warn("event=stream-closed reason=\"{}\"", event.reason);
      Feed(StreamClosed{event.reason});
      continue;
    }
    v1::ToNode& message = *event.message;
    if (message.has_read_log()) {
      if (!logs_ || message.incarnation() != core_.incarnation().value()) continue;
      logs_->Read(message.read_log(), message.incarnation(),
                  core_.IsOver(KeyFrom(message.read_log().attempt())).value_or(true));
      continue;
    }
    if (message.has_strike()) {
      if (message.incarnation() == core_.incarnation().value()) OnStrike(message.strike());
      continue;
    }
    if (message.has_accepted()) {
      KeepClusterUuid(message.accepted().cluster_uuid());
      backoff_.Reset();
      spdlog::info("event=registered incarnation={}", message.accepted().incarnation());
    }
    const bool accepted = message.has_accepted();
    if (auto input = InputFrom(message)) Feed(std::move(*input));
    if (accepted) TellOfRebalance(), TellOfNotice();
  }
}

void Agent::OnTime() {
  const TimePoint now = Now();
  if (leaving_ && (now >= notice_->at || core_.Tasks().empty())) ending_ = true;
  if (!spawner_.connected() && now >= connect_spawner_at_) TryConnectSpawner();
  if (open_stream_at_.set() && now >= open_stream_at_) OpenStreamNow();
  if (now >= tails_at_) SendTails();
  if (now >= wake_at_) Feed(Tick{});
}

// What a machine that is taken away had written until then stays readable.
void Agent::SendTails() {
  tails_at_ = Now() + settings_.tail_interval;
  if (!logs_ || !core_.registered()) return;
  for (const TaskState& task : core_.Tasks()) {
    if (task.started && !task.ended) logs_->AttemptRuns(task.attempt, core_.incarnation().value());
  }
}

void Agent::OpenStreamNow() {
  open_stream_at_ = {};
  if (!logs_) {  // its spool exists once there is a spawner
    logs_ = std::make_unique<LogReader>(
        LogSettings(settings_), [this](v1::FromNode message) { scheduler_.Send(std::move(message)); },
        [this] { return scheduler_.QueuedBytes(); });
  }
  logs_->ForgetRequests();
  call_ = scheduler_.Open();
  Feed(StreamOpened{});
}

void Agent::Feed(InputBody body) {
  Outcome outcome = core_.Handle({Now(), std::move(body)});
  wake_at_ = outcome.wake_at;
  for (const Message& message : outcome.messages) Do(message);
}

void Agent::Do(const Message& message) {
  std::visit([this](const auto& m) { Act(m); }, message);
}

void Agent::Act(const SayHello& say) {
  v1::FromNode message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_protocol(kProtocol);
  hello.set_min_protocol(kOldestProtocol);
  hello.set_cluster_uuid(ToUtf8(cluster_uuid_));
  hello.set_name(ToUtf8(settings_.name));
  hello.set_host(ToUtf8(settings_.host));
  hello.set_address(ToUtf8(settings_.address));
  hello.set_boot_id(say.boot_id);
  hello.set_spawner_id(say.spawner_id);
  hello.set_state_id(spawner_.hello().state_id());
  hello.set_version(BSUB_VERSION);
  hello.set_cpu_milli(settings_.total.cpu_milli);
  hello.set_mem_bytes(settings_.total.mem_bytes);
  hello.set_gpus(settings_.total.gpus);
  hello.set_interruptible(settings_.interruptible);
  hello.set_kill_on_lease_loss(settings_.node.kill_on_lease_loss);
  hello.set_last_incarnation(say.last.value());
  if (spawner_.hello().has_lease_grace_us()) hello.set_lease_grace_us(spawner_.hello().lease_grace_us());
  for (const TaskState& task : say.tasks) FillReport(task, *hello.add_tasks());
  scheduler_.Send(std::move(message));
}

void Agent::Act(const ReportTask& report) { scheduler_.Send(ToWire(report)); }
void Agent::Act(const AnswerHeartbeat& answer) { scheduler_.Send(ToWire(answer)); }
void Agent::Act(const OpenStream&) { open_stream_at_ = std::max(Now() + backoff_.Next(), cut_off_until_); }

void Agent::Act(const CloseStream& close) {
  spdlog::warn("event=stream-given-up reason=\"{}\"", close.reason);
  call_ = 0;
  open_stream_at_ = {};
  scheduler_.Close();
}

void Agent::Act(const GiveUp& give_up) {
  failure_ = FailedPrecondition("the scheduler refused this node: " + give_up.reason);
  ending_ = true;
}

void Agent::LoadClusterUuid() {
  std::ifstream in(settings_.home + "/cluster");
  std::getline(in, cluster_uuid_);
}

// So that a node whose scheduler was replaced by another cluster's notices.
void Agent::KeepClusterUuid(const std::string& uuid) {
  if (uuid == cluster_uuid_) return;
  cluster_uuid_ = uuid;
  const std::string path = settings_.home + "/cluster";
  mkdir(settings_.home.c_str(), 0700);  // it may be there already; if it cannot be made, writing will tell
  std::ofstream out(path + ".new");
  out << uuid << '\n';
  out.close();
  if (!out || rename((path + ".new").c_str(), path.c_str()) != 0) {
    spdlog::warn("event=cluster-not-kept path={}", path);
  }
}

}  // namespace bsub::worker
