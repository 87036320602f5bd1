// TaskRunner: starts that fail for want of something of the node's (room on its disk, processes). They are
// tried again for a while; then the task is handed back, to run elsewhere or later. The pause also keeps a
// broken node from being given task after task.
#include <algorithm>
#include <utility>

#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/task_runner.h"

namespace bsub::spawner {
namespace {

// What is wrong with the launch itself is not ours to wait for.
bool IsNodesFault(const Error& error) {
  return error.code == Code::kUnavailable || error.code == Code::kResourceExhausted;
}

}  // namespace

void TaskRunner::StartOrPostpone(const wire::StartTask& start, std::int64_t since_us) {
  const bool first = since_us == 0;
  if (first) since_us = BootTimeUs();
  const auto started = TryStart(start, since_us);
  if (started) return;
  if (!IsNodesFault(started.error())) return RefuseStart(start, wire::NOT_STOPPED, started.error().message);
  Postpone(start, since_us, first, started.error().message);
}

void TaskRunner::Postpone(const wire::StartTask& start, std::int64_t since_us, bool first,
                          const std::string& reason) {
  const std::int64_t now = BootTimeUs();
  if (now - since_us >= parts_.settings->start_patience_us) {
    return RefuseStart(start, wire::NODE_FAULT, "the node could not start it: " + reason);
  }
  const worker::AttemptKey key = KeyOf(start.attempt());
  if (first) LogLine("event=start-postponed task=" + ToString(key) + " reason=\"" + reason + "\"");
  postponed_[key] = {start, since_us, now + parts_.settings->try_again_us};
}

void TaskRunner::RetryPostponed(std::int64_t now) {
  for (auto& [key, one] : std::exchange(postponed_, {})) {
    if (one.next_us > now) {
      postponed_.emplace(key, std::move(one));
    } else {
      StartOrPostpone(one.start, one.since_us);
    }
  }
}

bool TaskRunner::RefusePostponed(const worker::AttemptKey& key, wire::StopCause cause,
                                 const std::string& reason) {
  const auto it = postponed_.find(key);
  if (it == postponed_.end()) return false;
  const wire::StartTask start = std::move(it->second.start);
  postponed_.erase(it);
  RefuseStart(start, cause, reason);
  return true;
}

void TaskRunner::RefuseAllPostponed(wire::StopCause cause, const std::string& reason) {
  while (!postponed_.empty()) RefusePostponed(postponed_.begin()->first, cause, reason);
}

void TaskRunner::ListPostponed(std::vector<wire::TaskStatus>& all) const {
  for (const auto& [key, one] : postponed_) {
    wire::TaskStatus& status = all.emplace_back();
    *status.mutable_attempt() = one.start.attempt();
    v1::Launch launch;
    if (launch.ParseFromString(one.start.launch())) status.set_incarnation(launch.incarnation());
  }
}

std::int64_t TaskRunner::NextRetry() const {
  std::int64_t next = 0;
  for (const auto& [key, one] : postponed_) next = next == 0 ? one.next_us : std::min(next, one.next_us);
  return next;
}

}  // namespace bsub::spawner
