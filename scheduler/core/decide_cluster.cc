// The cluster's own things: its first entry, queues, job definitions.
#include <algorithm>
#include <map>
#include <utility>

#include "jobs/fields.h"
#include "jobs/nearest.h"
#include "jobs/text.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

constexpr const char* kFirstQueue = "default";
constexpr std::int64_t kMostLimit = 1'000'000'000'000;  // in thousandths of CPUs it is a number still

Status Check(const Queue& queue) {
  if (!CheckIdentifier("queue name", queue.name)) {
    return InvalidArgument("queue name '" + queue.name +
                           "': expected 1 to 128 letters, digits, '.', '_' or '-'");
  }
  const std::pair<const char*, std::int64_t> limits[] = {
      {"max_running", queue.max_running},
      {"max_running_per_user", queue.max_running_per_user},
      {"max_waiting", queue.max_waiting},
      {"max_waiting_per_user", queue.max_waiting_per_user},
      {"max_cpus", queue.max_cpus},
      {"max_cpus_per_user", queue.max_cpus_per_user},
      {"max_cpus_per_share", queue.max_cpus_per_share},
      {"max_running_per_share", queue.max_running_per_share},
      {"max_waiting_per_share", queue.max_waiting_per_share}};
  for (const auto& [field, value] : limits) {
    if (value < 0 || value > kMostLimit)
      return InvalidArgument(std::string(field) + " " + std::to_string(value) +
                             ": expected 0 (no limit) to " + std::to_string(kMostLimit));
  }
  if (queue.favour_short.count() < 0 || queue.favour_short > std::chrono::hours(24 * 365))
    return InvalidArgument("favour_short: expected 0 to 1 year");
  if (queue.overdue_after.count() < 0)
    return InvalidArgument("overdue_after: expected 0 (never) or a length of time");
  BSUB_RETURN_IF_ERROR(Validate(queue.fair_share));
  return Validate(queue.weights);
}

// Those it preempts are there, and of lower priority: a victim goes back to the front of its queue.
Status CheckPreempts(const State& state, const Queue& queue) {
  if (!std::is_sorted(queue.preempts.begin(), queue.preempts.end()))
    return InvalidArgument("preempts: expected queues in the order of their names");
  const auto twice = std::adjacent_find(queue.preempts.begin(), queue.preempts.end());
  if (twice != queue.preempts.end())
    return InvalidArgument("preempts " + Quoted(*twice) + ": is there twice; expected each queue once");
  for (const std::string& name : queue.preempts) {
    const auto other = state.queues.find(name);
    if (other == state.queues.end() || name == queue.name)
      return InvalidArgument("preempts " + Quoted(name) + ": expected another queue that exists");
    if (other->second.priority >= queue.priority) {
      return InvalidArgument("preempts " + name + ": its priority of " +
                             std::to_string(other->second.priority) + " must be below that of queue " +
                             queue.name + ", " + std::to_string(queue.priority));
    }
  }
  return OkStatus();
}

Status Set(Turn& turn, const SetQueue& input) {
  BSUB_RETURN_IF_ERROR(
      Authorize(turn.settings.authority, input.who, Verb::kSetQueue, nullptr, "queue " + input.queue.name));
  BSUB_RETURN_IF_ERROR(Check(input.queue));
  const auto before = turn.state().queues.find(input.queue.name);
  if (before == turn.state().queues.end() || before->second.preempts != input.queue.preempts ||
      before->second.priority != input.queue.priority)
    BSUB_RETURN_IF_ERROR(CheckPreempts(turn.state(), input.queue));
  BSUB_RETURN_IF_ERROR(CheckText("description", input.queue.description, turn.settings.max_text_bytes));
  if (input.must_be_new && turn.state().queues.count(input.queue.name)) {
    return AlreadyExists("queue " + input.queue.name + " exists; change it with `bsub-lite queues set " +
                         input.queue.name + "`");
  }
  turn.Record(QueueSet{input.queue, input.make_default, input.who.name});
  turn.links.no_room_made.clear();  // it may preempt others now
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

// What a new revision must forget of deregistered ones, so that there is room for it. They stay as long as
// there is: people look at what they ran.
class RoomForDefinition {
 public:
  RoomForDefinition(const Turn& turn, const Principal& who, const std::string& name)
      : definitions_(turn.state().definitions), settings_(turn.settings), who_(who), name_(name) {
    for (const auto& [of, revisions] : definitions_) {
      for (const JobDefinition& revision : revisions) Count(revision, 1);
    }
  }

  // Fills in what goes. As little as possible: nothing, then of the same name, then of others.
  Status Make(DefinitionRegistered& entry) {
    const auto same = definitions_.find(name_);
    if (Full() && same != definitions_.end()) ForgetOfSameName(same->second, entry);
    for (auto it = definitions_.begin(); Full() && it != definitions_.end(); ++it) {
      if (it->first != name_ && ForgetOfOther(it->second)) entry.forgets_in.push_back(it->first);
    }
    std::sort(entry.forgets_in.begin(), entry.forgets_in.end());
    return Full() ? Status(Refusal()) : OkStatus();
  }

 private:
  // How many revisions there are, and how many of them the caller registered.
  struct Counts {
    std::int64_t all = 0;
    std::int64_t own = 0;
  };

  bool FullOfOwn() const { return counts_.own >= settings_.max_definitions_per_user; }
  bool FullOfAll() const { return counts_.all >= settings_.max_definitions; }
  bool Full() const { return FullOfOwn() || FullOfAll(); }

  void Count(const JobDefinition& revision, std::int64_t by) {
    counts_.all += by;
    if (revision.registered_by_uid == who_.uid) counts_.own += by;
  }
  void Forget(const std::vector<JobDefinition>& revisions, std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      if (!revisions[i].active) Count(revisions[i], -1);
    }
  }

  // The first stays, since it says whose the name is, unless the name goes altogether. The numbers go on
  // either way.
  void ForgetOfSameName(const std::vector<JobDefinition>& revisions, DefinitionRegistered& entry) {
    const std::int64_t before = counts_.all;
    Forget(revisions, 1, revisions.size());
    entry.forgets_deregistered = counts_.all < before;
    if (!Full() || !GoesWith(revisions, who_.uid)) return;
    Count(revisions.front(), -1);
    entry.forgets_deregistered = false;
    entry.forgets_in.push_back(name_);
  }

  // True if that helps against what is full.
  bool ForgetOfOther(const std::vector<JobDefinition>& revisions) {
    const bool full_of_own = FullOfOwn(), full_of_all = FullOfAll();
    const Counts before = counts_;
    if (GoesWith(revisions, who_.uid)) {
      Forget(revisions, 0, revisions.size());
    } else {
      Forget(revisions, 1, revisions.size() - 1);
    }
    if ((full_of_own && counts_.own < before.own) || (full_of_all && counts_.all < before.all)) return true;
    counts_ = before;
    return false;
  }

  Error Refusal() const {
    const bool own = FullOfOwn();
    return ResourceExhausted(
        "job definition " + name_ + ": there are " + std::to_string(own ? counts_.own : counts_.all) +
        " revisions" + (own ? " of " + who_.name : "") + " in use, the limit is " +
        (own ? std::to_string(settings_.max_definitions_per_user) + " (core.max_definitions_per_user)"
             : std::to_string(settings_.max_definitions) + " (core.max_definitions)") +
        "; deregister what is no longer used (`bsub-lite definitions deregister NAME:REVISION`; the first "
        "and the last revision of a name make room only once all of them are), or ask an administrator to "
        "raise the limit");
  }

  const std::map<std::string, std::vector<JobDefinition>>& definitions_;
  const Settings& settings_;
  const Principal& who_;
  const std::string& name_;
  Counts counts_;
};

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
  DefinitionRegistered entry{.definition = input.definition};
  BSUB_RETURN_IF_ERROR(RoomForDefinition(turn, input.who, input.definition.name).Make(entry));
  JobDefinition& definition = entry.definition;
  const auto it = turn.state().definitions.find(definition.name);
  definition.revision = it == turn.state().definitions.end() ? 1 : it->second.back().revision + 1;
  definition.active = true;
  definition.registered_by = input.who.name;
  definition.registered_by_uid = input.who.uid;
  definition.registered_at = turn.at;
  DefinitionAccepted accepted{definition.name, definition.revision};
  turn.Record(std::move(entry));
  return accepted;
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

// Node ids have 32 bits and are given to few: they go up by less, so that it can be done again and again. No
// setting: ids must be out of reach of those that were lost, whatever anybody would like.
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
  FindNotices(turn);
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
