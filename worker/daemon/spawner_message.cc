#include "worker/daemon/spawner_message.h"

#include <string>

namespace bsub::worker {
namespace {

namespace wire = v1::spawner;

constexpr const char* kUnreadable =
    "the node's agent cannot read how its spawner says this ended; look at the spawner's log, and see that "
    "both are of one version";

bool DecodeStatus(const std::string& bytes, wire::TaskStatus& status) {
  if (status.ParseFromString(bytes)) return true;
  wire::LooseTaskStatus loose;
  if (!loose.ParseFromString(bytes)) return false;  // not even which task it is
  status.Clear();
  *status.mutable_attempt() = loose.attempt();
  status.set_incarnation(loose.incarnation());
  status.set_pid(loose.pid());
  status.set_started(loose.started());
  if (!loose.has_ended()) return true;
  status.mutable_ended()->set_kind(loose.started() ? wire::END_UNSPECIFIED : wire::NEVER_STARTED);
  status.mutable_ended()->set_reason(kUnreadable);
  return true;
}

bool DecodeList(const std::string& bytes, wire::TaskList& list) {
  wire::LooseTaskList loose;
  if (!loose.ParseFromString(bytes)) return false;
  list.set_last(loose.last());
  for (const std::string& status : loose.tasks()) {
    if (!DecodeStatus(status, *list.add_tasks()))
      return false;  // a list that lacks one would declare it dead
  }
  return true;
}

}  // namespace

bool DecodeFromSpawner(std::string_view payload, wire::FromSpawner& message) {
  const auto size = static_cast<int>(payload.size());
  if (message.ParseFromArray(payload.data(), size)) return true;
  message.Clear();
  wire::LooseFromSpawner loose;
  if (!loose.ParseFromArray(payload.data(), size)) return false;
  switch (loose.body_case()) {
    case wire::LooseFromSpawner::kHello:
      return message.mutable_hello()->ParseFromString(loose.hello());
    case wire::LooseFromSpawner::kTasks:
      return DecodeList(loose.tasks(), *message.mutable_tasks());
    case wire::LooseFromSpawner::kTask:
      return DecodeStatus(loose.task(), *message.mutable_task());
    case wire::LooseFromSpawner::kRefusal:
      return message.mutable_refusal()->ParseFromString(loose.refusal());
    case wire::LooseFromSpawner::BODY_NOT_SET:
      return true;
  }
  return false;
}

}  // namespace bsub::worker
