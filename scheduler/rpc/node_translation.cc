#include "scheduler/rpc/node_translation.h"

#include <algorithm>
#include <string>

#include "common/utf8.h"
#include "jobs/fields.h"
#include "jobs/text.h"
#include "scheduler/rpc/launch_builder.h"

namespace bsub::rpc {
namespace {

constexpr std::size_t kLongestText = 1024;

Status CheckName(std::string_view field, const std::string& value) {
  if (CheckIdentifier(field, value)) return OkStatus();
  return InvalidArgument(std::string(field) + ": " + Quoted(value) +
                         " is not 1 to 128 letters, digits, '_', '-' or '.'");
}

Status CheckText(std::string_view field, const std::string& value) {
  const bool good = value.size() <= kLongestText && std::none_of(value.begin(), value.end(), IsControl);
  if (good) return OkStatus();
  return InvalidArgument(std::string(field) + ": " + Quoted(value) +
                         " is too long or holds control characters");
}

// How a node may say that a task ended; the other kinds are decided here.
bool NodeMaySay(std::int32_t kind) {
  switch (static_cast<EndKind>(kind)) {
    case EndKind::kExited:
    case EndKind::kSignalled:
    case EndKind::kCancelled:
    case EndKind::kTimedOut:
    case EndKind::kOutOfMemory:
    case EndKind::kNodeLost:
    case EndKind::kNeverStarted:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string OneLine(std::string text) {
  std::replace_if(text.begin(), text.end(), IsControl, ' ');
  return std::string(CutUtf8(ToUtf8(text), kLongestText));
}

Result<sched::NodeTask> TranslateTask(const v1::TaskReport& report) {
  sched::NodeTask task;
  task.attempt = AttemptFrom(report.attempt());
  if (!task.attempt.task.job.valid() || task.attempt.number == 0) {
    return InvalidArgument("task report: it names no attempt");
  }
  task.started = report.started();
  task.pid = report.pid();
  task.ended = report.ended();
  task.saved = {report.generation(), Duration(report.has_unsaved_us() ? report.unsaved_us() : -1),
                Duration(report.has_save_age_us() ? report.save_age_us() : -1), report.not_saved()};
  if (!task.ended) return task;
  if (!NodeMaySay(report.end_kind())) {
    return InvalidArgument("task report: end_kind " + std::to_string(report.end_kind()) +
                           " is not for a node to say");
  }
  task.end.kind = static_cast<EndKind>(report.end_kind());
  task.end.code = report.code();
  task.end.reason = OneLine(report.reason());
  task.node_fault = report.node_fault();
  task.stopped = report.stopped();
  task.usage = {.user_us = std::max<std::int64_t>(report.user_us(), 0),
                .system_us = std::max<std::int64_t>(report.system_us(), 0),
                .elapsed_us = std::max<std::int64_t>(report.elapsed_us(), 0),
                .max_rss_bytes = std::max<std::int64_t>(report.max_rss_bytes(), 0),
                .read_bytes = std::max<std::int64_t>(report.read_bytes(), 0),
                .write_bytes = std::max<std::int64_t>(report.write_bytes(), 0)};
  return task;
}

Result<sched::NodeHello> TranslateHello(const v1::Hello& hello) {
  BSUB_RETURN_IF_ERROR(CheckName("name", hello.name()));
  BSUB_RETURN_IF_ERROR(CheckText("host", hello.host()));
  BSUB_RETURN_IF_ERROR(CheckText("address", hello.address()));
  BSUB_RETURN_IF_ERROR(CheckText("boot_id", hello.boot_id()));
  BSUB_RETURN_IF_ERROR(CheckText("spawner_id", hello.spawner_id()));
  BSUB_RETURN_IF_ERROR(CheckText("state_id", hello.state_id()));
  BSUB_RETURN_IF_ERROR(CheckText("version", hello.version()));
  if (hello.spawner_id().empty()) return InvalidArgument("spawner_id: missing");
  if (hello.cpu_milli() <= 0 || hello.mem_bytes() < 0 || hello.gpus() < 0) {
    return InvalidArgument("node " + hello.name() + ": it says it has " + std::to_string(hello.cpu_milli()) +
                           " thousandths of a CPU, " + std::to_string(hello.mem_bytes()) +
                           " bytes of memory and " + std::to_string(hello.gpus()) +
                           " GPUs; a node has at least some CPU");
  }
  sched::NodeHello out;
  out.description.name = hello.name();
  out.description.host = hello.host();
  out.description.boot_id = hello.boot_id();
  out.description.spawner_id = hello.spawner_id();
  out.description.state_id = hello.state_id();
  out.description.version = hello.version();
  out.description.address = hello.address();
  out.description.total = {
      .cpu_milli = hello.cpu_milli(), .mem_bytes = hello.mem_bytes(), .gpus = hello.gpus()};
  out.description.interruptible = hello.interruptible();
  out.description.on_lease_loss =
      hello.kill_on_lease_loss() ? sched::OnLeaseLoss::kKill : sched::OnLeaseLoss::kKeep;
  if (hello.has_last_incarnation()) out.last = Incarnation(hello.last_incarnation());
  if (hello.has_lease_grace_us())
    out.lease_grace = Duration(std::max<std::int64_t>(hello.lease_grace_us(), 0));
  for (const v1::TaskReport& report : hello.tasks()) {
    BSUB_ASSIGN_OR_RETURN(out.tasks.emplace_back(), TranslateTask(report));
  }
  return out;
}

}  // namespace bsub::rpc
