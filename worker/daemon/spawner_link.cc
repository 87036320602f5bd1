#include "worker/daemon/spawner_link.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/utf8.h"
#include "worker/daemon/spawner_message.h"

namespace bsub::worker {
namespace {

namespace wire = v1::spawner;

constexpr int kSpawnerProtocol = 1;

void FillKey(const AttemptKey& key, v1::AttemptKey* out) {
  out->set_job(key.job.value());
  out->set_ordinal(key.ordinal);
  out->set_number(key.number);
}

// A task that was stopped because of its node is no failure of the task. A success stands: it must not run
// again.
bool NodesFault(const wire::Ended& ended) {
  if (ended.kind() == wire::EXITED && ended.code() == 0) return false;
  return ended.stop_cause() == wire::LEASE_LOST || ended.stop_cause() == wire::SHUT_DOWN ||
         ended.stop_cause() == wire::NODE_FAULT;
}

EndKind KindFrom(const wire::Ended& ended) {
  if (NodesFault(ended)) return EndKind::kNodeLost;
  switch (ended.kind()) {
    case wire::EXITED:
      return EndKind::kExited;
    case wire::SIGNALLED:
      return EndKind::kSignalled;
    case wire::TIMED_OUT:
      return EndKind::kTimedOut;
    case wire::OUT_OF_MEMORY:
      return EndKind::kOutOfMemory;
    case wire::NEVER_STARTED:
      return EndKind::kNeverStarted;
    default:
      return EndKind::kNodeLost;
  }
}

// Through a descriptor of its directory: a socket's path may have 107 characters only.
int ConnectUnix(int fd, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd dir(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!dir.valid()) return -1;
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::string shorter = "/proc/self/fd/" + std::to_string(dir.get()) + "/" + name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (shorter.size() >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  std::memcpy(address.sun_path, shorter.data(), shorter.size());
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

template <typename Message>
SavedWork SavedFrom(const Message& message) {
  return {message.generation(), Duration(message.has_unsaved_us() ? message.unsaved_us() : -1),
          Duration(message.has_save_age_us() ? message.save_age_us() : -1), false};
}

}  // namespace

TaskState StateFrom(const wire::TaskStatus& status) {
  TaskState state;
  state.attempt = {JobId(status.attempt().job()), status.attempt().ordinal(), status.attempt().number()};
  state.started = status.started();
  state.pid = status.pid();
  state.ended = status.has_ended();
  if (!state.ended) {
    if (status.has_saved()) state.saved = SavedFrom(status.saved());
    return state;
  }
  const wire::Ended& ended = status.ended();
  state.end = {KindFrom(ended), ended.code(), "", ToUtf8(ended.reason())};
  state.node_fault = ended.stop_cause() == wire::NODE_FAULT;
  state.stopped = ended.stop_cause() != wire::NOT_STOPPED && !state.node_fault;
  state.saved = SavedFrom(ended);
  state.saved.not_saved = ended.not_saved();
  state.usage = {ended.user_us(),       ended.system_us(),  ended.elapsed_us(),
                 ended.max_rss_bytes(), ended.read_bytes(), ended.write_bytes()};
  return state;
}

Status SpawnerLink::Connect() {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || ConnectUnix(fd.get(), socket_path_) != 0) {
    return Unavailable("cannot reach the spawner at '" + socket_path_ + "': " + std::strerror(errno));
  }
  fd_ = std::move(fd);
  reader_ = FrameReader(max_frame_bytes_);
  outgoing_.clear();
  sent_ = 0;
  list_.clear();
  up_ = false;
  wire::ToSpawner message;
  message.mutable_hello()->set_protocol(kSpawnerProtocol);
  message.mutable_hello()->set_min_protocol(kSpawnerProtocol);
  message.mutable_hello()->set_version(version_);
  Queue(message);
  Flush();
  return OkStatus();
}

void SpawnerLink::OnReadable(const Hear& hear) {
  std::array<char, 65536> chunk;
  while (fd_.valid()) {
    const ssize_t got = recv(fd_.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) return Drop(hear);
    reader_.Append({chunk.data(), static_cast<std::size_t>(got)});
    TakeFrames(hear);
    if (static_cast<std::size_t>(got) < chunk.size()) return;
  }
}

void SpawnerLink::TakeFrames(const Hear& hear) {
  wire::FromSpawner message;
  while (fd_.valid()) {
    const auto payload = reader_.Next();
    if (payload && !*payload) return;
    if (!payload || !DecodeFromSpawner(**payload, message))
      return Drop(hear);  // a torn stream: connect again
    Take(message, hear);
  }
}

void SpawnerLink::Take(const wire::FromSpawner& message, const Hear& hear) {
  switch (message.body_case()) {
    case wire::FromSpawner::kHello:
      hello_ = message.hello();
      return;
    case wire::FromSpawner::kTasks:
      if (up_) return;
      for (const wire::TaskStatus& status : message.tasks().tasks()) list_.push_back(StateFrom(status));
      if (!message.tasks().last()) return;
      up_ = true;
      return hear(SpawnerUp{hello_.spawner_id(), hello_.boot_id(), std::move(list_)});
    case wire::FromSpawner::kTask:
      if (up_) hear(TaskReported{StateFrom(message.task())});
      return;
    case wire::FromSpawner::kRefusal:
      refusal_ = FailedPrecondition("the spawner refused: " + message.refusal().reason());
      return Drop(hear);
    case wire::FromSpawner::BODY_NOT_SET:
      return;
  }
}

void SpawnerLink::Drop(const Hear& hear) {
  fd_.Reset();
  outgoing_.clear();
  sent_ = 0;
  if (up_) hear(SpawnerDown{});
  up_ = false;
}

void SpawnerLink::Queue(const wire::ToSpawner& message) {
  if (fd_.valid()) AppendMessageFrame(outgoing_, message);
}

void SpawnerLink::Send(const StartTask& start) {
  wire::ToSpawner message;
  FillKey(start.attempt, message.mutable_start()->mutable_attempt());
  message.mutable_start()->set_launch(start.launch->launch);
  message.mutable_start()->set_proof(start.launch->proof);
  Queue(message);
}

void SpawnerLink::Send(const StopTask& stop) {
  wire::ToSpawner message;
  FillKey(stop.attempt, message.mutable_stop()->mutable_attempt());
  message.mutable_stop()->set_grace_us(stop.grace.count());
  message.mutable_stop()->set_reason(stop.reason);
  Queue(message);
}

void SpawnerLink::Send(const NoticeTask& notice, const std::string& action) {
  wire::ToSpawner message;
  FillKey(notice.attempt, message.mutable_notice()->mutable_attempt());
  message.mutable_notice()->set_ends_us(notice.ends.micros());
  message.mutable_notice()->set_reason(notice.reason);
  message.mutable_notice()->set_withdrawn(notice.withdrawn);
  message.mutable_notice()->set_action(action);
  Queue(message);
}

void SpawnerLink::Send(const ForgetTask& forget) {
  wire::ToSpawner message;
  FillKey(forget.attempt, message.mutable_ack()->mutable_attempt());
  Queue(message);
}

void SpawnerLink::Send(const RenewLease& lease) {
  wire::ToSpawner message;
  message.mutable_lease()->set_ends_us(lease.ends.micros());
  message.mutable_lease()->set_kill_on_loss(lease.kill_on_loss);
  Queue(message);
}

void SpawnerLink::SendDie() {
  wire::ToSpawner message;
  message.mutable_die();
  Queue(message);
}

void SpawnerLink::Flush() {
  while (fd_.valid() && sent_ < outgoing_.size()) {
    const ssize_t put = send(fd_.get(), outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return;  // full: later; broken: reading will tell
    sent_ += static_cast<std::size_t>(put);
  }
  outgoing_.clear();
  sent_ = 0;
}

}  // namespace bsub::worker
