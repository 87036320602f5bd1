// Advance reservations: made if enough nodes are free for all of the time, and ended when it is over.
#include <algorithm>

#include "jobs/authority.h"
#include "jobs/fields.h"
#include "jobs/nearest.h"
#include "jobs/text.h"
#include "scheduler/core/reservation_name.h"
#include "scheduler/core/reservations.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

constexpr std::size_t kMostUsers = 1000;
constexpr Duration kLongest = std::chrono::hours(24 * 366);
constexpr std::size_t kShownConflicts = 3;

Status CheckAsked(const Turn& turn, const CreateReservation& input) {
  const std::string what = "reservation " + Quoted(input.name) + ": ";
  if (!CheckIdentifier("reservation", input.name))
    return InvalidArgument(what + "expected a name of 1 to 128 letters, digits, '.', '_' or '-'");
  if (FindReservation(turn.state(), input.name))
    return AlreadyExists(what + "it exists; delete it first with `bsub-lite reservations delete " +
                         input.name + "`");
  if (turn.state().reservations.size() >= turn.settings.max_reservations) {
    return ResourceExhausted(what + "there are " + std::to_string(turn.state().reservations.size()) +
                             " reservations, the limit is core.max_reservations; delete one first");
  }
  if (input.length <= Duration(0) || input.length > kLongest)
    return InvalidArgument(what + "duration: expected more than nothing and at most 366 days");
  if (input.from > TimePoint::Max() - input.length)
    return InvalidArgument(what + "start: expected a time whose end is one, " +
                           std::to_string(input.from.micros()) + " microseconds since 1970 is too late");
  if (input.from + input.length <= turn.at)
    return InvalidArgument(what + "start " + FormatUtc(input.from) + ": it would be over already");
  if (input.nodes.empty() == (input.count == 0))
    return InvalidArgument(what + "nodes: give either how many (--nodes) or which (--node)");
  if (input.users.size() > kMostUsers)
    return InvalidArgument(what + "users: " + std::to_string(input.users.size()) + " of them; at most " +
                           std::to_string(kMostUsers));
  return OkStatus();
}

// Why the node cannot be had in that time; empty: it can.
std::string ConflictOn(const Turn& turn, NodeId id, TimePoint from, TimePoint to) {
  if (const Closure* closure = turn.store.calendar().InTheWay(id, from, to, "")) return Describe(*closure);
  const NodeCapacity::Use* use = turn.store.capacity().Find(id);
  if (!use) return "it is not there";
  for (const AttemptRef& ref : use->attempts) {
    const Job& job = turn.state().jobs.at(ref.task.job);
    const Attempt& attempt = *FindTask(job, ref.task.ordinal)->attempt;
    const LiveTask task = LiveTaskOf(*job.spec.settings, attempt, AllocatedOn(attempt, id));
    const std::string who = "job " + DisplayId(job, ref.task.ordinal) + " runs there ";
    if (!task.ends.set()) return who + "without a time limit";
    if (task.ends > from) return who + "until " + FormatUtc(task.ends) + " at the latest";
  }
  return "";
}

std::string WhyOutOfUse(const Node& node) {
  if (node.state != NodeState::kUp) return std::string(ToString(node.state));
  if (node.drained) return "drained";
  return node.notice ? "is to be taken away" : "";
}

Result<std::vector<NodeId>> NamedNodes(const State& state, const CreateReservation& input) {
  std::vector<NodeId> nodes;
  std::vector<std::string> known;
  for (const auto& [id, node] : state.nodes) known.push_back(node.description.name);
  for (const std::string& name : input.nodes) {
    const Node* node = state.FindNode(name);
    if (!node)
      return NotFound("reservation " + input.name + ": node " + Quoted(name) + " does not exist" +
                      DidYouMean(name, known));
    nodes.push_back(node->id);
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

// As many of the free ones as are asked for: they stand close together where the tree is known.
std::vector<NodeId> Pick(const Turn& turn, const std::vector<NodeId>& free, std::uint32_t count) {
  NodesRequest request;
  request.nodes = count;
  std::vector<NodeCandidate> candidates;
  for (const NodeId id : free) candidates.push_back({id, turn.store.capacity().Find(id)->total, true});
  std::vector<NodeId> nodes = ChooseNodes(turn.store.ViewFor(request), request, candidates).nodes;
  if (nodes.empty()) nodes.assign(free.begin(), free.begin() + count);
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

Result<std::vector<NodeId>> NodesFor(const Turn& turn, const CreateReservation& input, TimePoint from,
                                     TimePoint to) {
  const State& state = turn.state();
  BSUB_ASSIGN_OR_RETURN(std::vector<NodeId> asked, NamedNodes(state, input));
  const bool named = !asked.empty();
  if (!named) {
    for (const auto& [id, node] : state.nodes) asked.push_back(id);
  }
  std::vector<NodeId> free;
  std::string conflicts;
  std::size_t conflicting = 0;
  for (const NodeId id : asked) {
    const std::string out_of_use = named ? "" : WhyOutOfUse(state.nodes.at(id));
    const std::string why = out_of_use.empty() ? ConflictOn(turn, id, from, to) : out_of_use;
    if (why.empty()) {
      free.push_back(id);
    } else if (conflicting++ < kShownConflicts) {
      conflicts += "; " + NameOfNode(state, id) + ": " + why;
    }
  }
  if (conflicting > kShownConflicts)
    conflicts += "; and " + std::to_string(conflicting - kShownConflicts) + " more";
  const std::size_t wanted = named ? asked.size() : input.count;
  if (free.size() < wanted) {
    return FailedPrecondition("reservation " + input.name + ": " + std::to_string(wanted) +
                              (wanted == 1 ? " node is" : " nodes are") + " asked for from " +
                              FormatUtc(from) + " to " + FormatUtc(to) + ", and " +
                              std::to_string(free.size()) + " of " + std::to_string(asked.size()) +
                              " can be had then" + conflicts);
  }
  return named ? free : Pick(turn, free, input.count);
}

Status Create(Turn& turn, const CreateReservation& input) {
  BSUB_RETURN_IF_ERROR(
      Authorize(turn.settings.authority, input.who, Verb::kSetQueue, nullptr, "reservation " + input.name));
  BSUB_RETURN_IF_ERROR(CheckAsked(turn, input));
  AdvanceReservation made;
  made.name = NameInState(turn.state(), input.name);
  made.from = std::max(input.from, turn.at);
  made.to = input.from + input.length;
  BSUB_ASSIGN_OR_RETURN(made.nodes, NodesFor(turn, input, made.from, made.to));
  made.users = input.users;
  if (made.users.empty()) made.users.push_back(input.who.name);
  std::sort(made.users.begin(), made.users.end());
  made.users.erase(std::unique(made.users.begin(), made.users.end()), made.users.end());
  made.by = input.who.name;
  turn.Record(ReservationMade{std::move(made)});
  return OkStatus();
}

Status Delete(Turn& turn, const DeleteReservation& input) {
  BSUB_RETURN_IF_ERROR(
      Authorize(turn.settings.authority, input.who, Verb::kSetQueue, nullptr, "reservation " + input.name));
  const AdvanceReservation* found = FindReservation(turn.state(), input.name);
  if (!found) {
    return NotFound("reservation " + Quoted(input.name) +
                    ": there is none of that name; `bsub-lite reservations` lists them");
  }
  turn.Record(ReservationEnded{found->name, input.who.name});
  return OkStatus();
}

template <typename Input>
void AnswerTo(Turn& turn, const Input& input, const Status& status) {
  turn.WantCycle();
  if (!status) return turn.Answer(input.reply, Error(status.error()));
  turn.Answer(input.reply, ReplyBody(Done{}));
}

}  // namespace

void Decide(Turn& turn, const CreateReservation& input) { AnswerTo(turn, input, Create(turn, input)); }
void Decide(Turn& turn, const DeleteReservation& input) { AnswerTo(turn, input, Delete(turn, input)); }

void EndReservations(Turn& turn) {
  std::vector<std::string> over;
  for (const auto& [name, reservation] : turn.state().reservations) {
    if (reservation.to <= turn.at) over.push_back(name);
  }
  for (const std::string& name : over) turn.Record(ReservationEnded{name, ""});
  if (!over.empty()) turn.WantCycle();
}

}  // namespace bsub::sched
