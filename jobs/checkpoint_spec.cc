#include "jobs/checkpoint_spec.h"

#include "jobs/fields.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub {
namespace {

constexpr std::int32_t kKill = 9;
constexpr std::int32_t kStop = 19;
constexpr std::int32_t kLargestSignal = 64;  // SIGRTMAX of Linux
constexpr Duration kLongestTime = std::chrono::hours(24 * 365);

}  // namespace

Result<NoticeSignal> ParseNoticeSignal(std::string_view text) {
  NoticeSignal signal;
  const std::size_t at = text.find('@');
  const std::string_view where = at == std::string_view::npos ? "" : text.substr(at + 1);
  std::string_view name = text.substr(0, at);
  if (name.starts_with("SIG")) name.remove_prefix(3);
  signal.number = SignalNumber(name);
  if (const auto number = ParseInteger(name, 1, kLargestSignal))
    signal.number = static_cast<std::int32_t>(*number);
  signal.group = where == "group";
  const bool good = signal.number > 0 && (at == std::string_view::npos || signal.group);
  if (!good) {
    return InvalidArgument("checkpoint signal " + Quoted(text) +
                           ": expected a name such as USR1 or TERM, or USR1@group for all processes");
  }
  if (signal.number == kKill || signal.number == kStop) {
    return InvalidArgument("checkpoint signal " + Quoted(text) +
                           ": no program can catch it; use one such as USR1");
  }
  return signal;
}

std::string ToString(const NoticeSignal& signal) {
  const std::string_view name = SignalName(signal.number);
  return (name.empty() ? std::to_string(signal.number) : std::string(name)) + (signal.group ? "@group" : "");
}

Status Validate(const CheckpointSpec& spec, std::size_t max_path_bytes) {
  if (!spec.then_queue.empty())
    BSUB_RETURN_IF_ERROR(CheckIdentifier("queue after too many interruptions", spec.then_queue));
  if (!spec.directory.empty())
    BSUB_RETURN_IF_ERROR(CheckAbsolutePath("checkpoint directory", spec.directory, max_path_bytes));
  BSUB_RETURN_IF_ERROR(CheckNumber("checkpoint signal", spec.signal, 0, kLargestSignal));
  if (spec.signal == kKill || spec.signal == kStop)
    return InvalidArgument("checkpoint signal " + std::to_string(spec.signal) + ": no program can catch it");
  BSUB_RETURN_IF_ERROR(CheckNumber("checkpoint exit code", spec.exit_code, 0, 255));
  BSUB_RETURN_IF_ERROR(
      CheckNumber("checkpoint interval (microseconds)", spec.interval.count(), 0, kLongestTime.count()));
  return CheckNumber("checkpoint grace (microseconds)", spec.grace.count(), 0, kLongestTime.count());
}

}  // namespace bsub
