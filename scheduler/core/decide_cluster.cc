// The cluster's own things: its first entry, queues, job definitions.
#include <algorithm>
#include <iterator>

#include "jobs/fields.h"
#include "jobs/nearest.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

constexpr const char* kFirstQueue = "default";

bool GoodName(const std::string& name) {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c == '.';
  });
}

Status Check(const Queue& queue) {
  if (!GoodName(queue.name)) {
    return InvalidArgument("queue name '" + queue.name +
                           "': expected 1 to 128 letters, digits, '.', '_' or '-'");
  }
  const std::pair<const char*, std::int64_t> limits[] = {
      {"max_running", queue.max_running},
      {"max_running_per_user", queue.max_running_per_user},
      {"max_waiting", queue.max_waiting},
      {"max_waiting_per_user", queue.max_waiting_per_user}};
  for (const auto& [field, value] : limits) {
    if (value < 0)
      return InvalidArgument(std::string(field) + " " + std::to_string(value) +
                             ": expected 0 (no limit) or more");
  }
  return OkStatus();
}

Status Set(Turn& turn, const SetQueue& input) {
  BSUB_RETURN_IF_ERROR(
      Authorize(turn.settings.authority, input.who, Verb::kSetQueue, nullptr, "queue " + input.queue.name));
  BSUB_RETURN_IF_ERROR(Check(input.queue));
  BSUB_RETURN_IF_ERROR(CheckText("description", input.queue.description, turn.settings.max_text_bytes));
  if (input.must_be_new && turn.state().queues.count(input.queue.name)) {
    return AlreadyExists("queue " + input.queue.name + " exists; change it with `bsub-lite queues set " +
                         input.queue.name + "`");
  }
  turn.Record(QueueSet{input.queue, input.make_default, input.who.name});
  return OkStatus();
}

Status Delete(Turn& turn, const DeleteQueue& input) {
  BSUB_RETURN_IF_ERROR(
      Authorize(turn.settings.authority, input.who, Verb::kSetQueue, nullptr, "queue " + input.name));
  if (!turn.state().queues.count(input.name)) return NotFound(input.name + ": No such queue");
  if (input.name == turn.state().default_queue) {
    return FailedPrecondition("queue " + input.name +
                              " is the default queue; make another one the default first");
  }
  const TaskCounts counts = turn.store.CountsOfQueue(input.name);
  if (counts.waiting + counts.live() > 0) {
    return FailedPrecondition("queue " + input.name + " still has " + std::to_string(counts.waiting) +
                              " waiting and " + std::to_string(counts.live()) +
                              " running tasks; cancel or finish them first");
  }
  turn.Record(QueueDeleted{input.name, input.who.name});
  return OkStatus();
}

// A definition belongs to whoever registered its first revision: jobs of others run what its newest one says,
// in those others' name.
Status AuthorizeDefinition(const Turn& turn, const Principal& who, Verb verb, const std::string& name,
                           const std::string& what) {
  const auto it = turn.state().definitions.find(name);
  if (it == turn.state().definitions.end())
    return Authorize(turn.settings.authority, who, verb, nullptr, what);
  constexpr std::uint32_t kNobody = 4294967295;  // (uid_t)-1, which no process can have
  const JobDefinition& first = it->second.front();
  const Principal owner{.uid = first.registered_by_uid.value_or(kNobody), .name = first.registered_by};
  return Authorize(turn.settings.authority, who, verb, &owner, what);
}

// How many revisions there are, and how many of them `uid` registered. Definitions are few and seldom made.
struct RevisionCounts {
  std::int64_t all = 0;
  std::int64_t own = 0;
};
RevisionCounts CountRevisions(const State& state, std::uint32_t uid) {
  RevisionCounts counts;
  for (const auto& [name, revisions] : state.definitions) {
    counts.all += static_cast<std::int64_t>(revisions.size());
    counts.own += std::count_if(revisions.begin(), revisions.end(),
                                [&](const JobDefinition& d) { return d.registered_by_uid == uid; });
  }
  return counts;
}

// Whether there is room for one more revision, and whether the deregistered ones of its name must go for it.
Result<bool> MakeRoom(const Turn& turn, const Principal& who, const std::string& name) {
  const Settings& settings = turn.settings;
  RevisionCounts counts = CountRevisions(turn.state(), who.uid);
  const auto full = [&] {
    return counts.all >= settings.max_definitions || counts.own >= settings.max_definitions_per_user;
  };
  if (!full()) return false;
  if (const auto it = turn.state().definitions.find(name); it != turn.state().definitions.end()) {
    for (auto d = std::next(it->second.begin()); d != it->second.end(); ++d) {
      if (d->active) continue;
      --counts.all;
      if (d->registered_by_uid == who.uid) --counts.own;
    }
  }
  if (!full()) return true;
  const bool own = counts.own >= settings.max_definitions_per_user;
  return ResourceExhausted(
      "job definition " + name + ": there are " + std::to_string(own ? counts.own : counts.all) +
      " revisions" + (own ? " of " + who.name : "") + " already, the limit is " +
      (own ? std::to_string(settings.max_definitions_per_user) + " (core.max_definitions_per_user)"
           : std::to_string(settings.max_definitions) + " (core.max_definitions)") +
      (turn.state().definitions.count(name) != 0
           ? "; deregister revisions of this name that are no longer used, which makes room for it, or ask "
             "an administrator to raise the limit"
           : "; make a new revision of a name that exists, or ask an administrator to raise the limit"));
}

Status CheckSize(const Settings& settings, const JobDefinition& definition) {
  const std::size_t bytes = TextBytes(definition);
  if (bytes <= settings.max_definition_bytes) return OkStatus();
  return InvalidArgument("job definition " + definition.name + ": its texts take " + std::to_string(bytes) +
                         " bytes, the limit is " + std::to_string(settings.max_definition_bytes) +
                         " (core.max_definition_bytes); keep long commands in a script file and name that");
}

Result<DefinitionAccepted> Register(Turn& turn, const RegisterDefinition& input) {
  BSUB_RETURN_IF_ERROR(Validate(input.definition));
  BSUB_RETURN_IF_ERROR(AuthorizeDefinition(turn, input.who, Verb::kRegisterDefinition, input.definition.name,
                                           "job definition " + input.definition.name));
  BSUB_RETURN_IF_ERROR(CheckSize(turn.settings, input.definition));
  BSUB_ASSIGN_OR_RETURN(const bool forgets, MakeRoom(turn, input.who, input.definition.name));
  JobDefinition definition = input.definition;
  const auto it = turn.state().definitions.find(definition.name);
  definition.revision = it == turn.state().definitions.end() ? 1 : it->second.back().revision + 1;
  definition.active = true;
  definition.registered_by = input.who.name;
  definition.registered_by_uid = input.who.uid;
  definition.registered_at = turn.at;
  turn.Record(DefinitionRegistered{definition, forgets});
  return DefinitionAccepted{definition.name, definition.revision};
}

Status Deregister(Turn& turn, const DeregisterDefinition& input) {
  const std::string what = "job definition " + input.name + ":" + std::to_string(input.revision);
  BSUB_RETURN_IF_ERROR(AuthorizeDefinition(turn, input.who, Verb::kDeregisterDefinition, input.name, what));
  const auto it = turn.state().definitions.find(input.name);
  if (it == turn.state().definitions.end()) return NotFound(what + ": no such job definition");
  const auto found = std::find_if(it->second.begin(), it->second.end(),
                                  [&](const JobDefinition& d) { return d.revision == input.revision; });
  if (found == it->second.end()) return NotFound(what + ": no such revision");
  if (found->active) turn.Record(DefinitionDeregistered{input.name, input.revision, input.who.name});
  return OkStatus();
}

template <typename Input>
void AnswerWith(Turn& turn, const Input& input, const Status& status) {
  turn.WantCycle();
  if (!status) return turn.Answer(input.reply, Error(status.error()));
  turn.Answer(input.reply, ReplyBody(Done{}));
}

// Node ids have 32 bits and are given to few: they go up by less, so that it can be done again and again.
constexpr std::uint64_t kMostLostNodes = 10'000;

void LiftCounters(Turn& turn, std::uint64_t by) {
  const State& state = turn.state();
  turn.Record(CountersLifted{state.next_job_id + by,
                             state.next_node_id + static_cast<std::uint32_t>(std::min(by, kMostLostNodes)),
                             state.next_incarnation + by});
}

}  // namespace

void Decide(Turn& turn, const Started& input) {
  if (turn.state().cluster_uuid.empty()) {
    turn.Record(ClusterCreated{input.cluster_uuid_if_new, kFirstQueue});
    turn.Record(QueueSet{Queue{.name = kFirstQueue, .description = "where jobs go that name no queue"}, true,
                         "bsub-lite"});
  }
  if (input.lift_counters_by > 0) LiftCounters(turn, input.lift_counters_by);
  // Nobody is connected yet. A full lease must pass before anyone is given up.
  for (const auto& [id, node] : turn.state().nodes) {
    if (node.state == NodeState::kDown) continue;
    turn.links.lease_ends[id] = turn.at + turn.settings.lease + turn.settings.lease_margin;
  }
  EndDoomedTasks(turn);
  turn.WantCycle();
}

void Decide(Turn& turn, const SetQueue& input) { AnswerWith(turn, input, Set(turn, input)); }
void Decide(Turn& turn, const DeleteQueue& input) { AnswerWith(turn, input, Delete(turn, input)); }
void Decide(Turn& turn, const DeregisterDefinition& input) {
  AnswerWith(turn, input, Deregister(turn, input));
}

void Decide(Turn& turn, const RegisterDefinition& input) {
  Result<DefinitionAccepted> result = Register(turn, input);
  if (!result) return turn.Answer(input.reply, Error(result.error()));
  turn.Answer(input.reply, ReplyBody(*result));
}

void Decide(Turn& turn, const RecordStateHash& /*input*/) {
  turn.Record(StateHashRecorded{turn.store.hash()});
}

}  // namespace bsub::sched
