// Attempts on several nodes: what the start, the end or the loss of one part means for the whole. A gang runs
// whole or not at all: it is RUNNING when all parts have started, and over when all are known to be over.
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

std::uint32_t IndexOfPart(const Attempt& attempt, NodeId node) {
  return static_cast<std::uint32_t>(PartOn(attempt, node) - attempt.gang->parts.data());
}

const Attempt& AttemptOf(const Turn& turn, const AttemptRef& ref) {
  return *FindTask(*turn.state().FindJob(ref.task.job), ref.task.ordinal)->attempt;
}

// Whether the attempt ends by this end of a part.
bool EndsGang(const GangSpec& spec, const Part& part, std::uint32_t index, const End& end) {
  if (index == kMainPart && spec.main_ends()) return true;
  if (end.Succeeded()) return false;
  const bool never_ran = !part.started && !ProvesStart(end.kind);
  return spec.end == GangEnd::kAny || never_ran;
}

void NoteAllStarted(Turn& turn, const AttemptRef& ref) {
  const Attempt& attempt = AttemptOf(turn, ref);
  if (attempt.gang->all_started() && !attempt.started_at.set()) turn.Record(AttemptStarted{ref, 0});
}

// How the attempt as a whole ended, by the end of `part`.
GangVerdict VerdictOf(const Turn& turn, const Gang& gang, std::uint32_t part, End end, bool node_fault) {
  const std::string node = NameOfNode(turn.state(), gang.parts[part].node);
  if (!end.Succeeded()) {
    const std::string where =
        "on node " + node + ", index " + std::to_string(part) + " of " + std::to_string(gang.parts.size());
    end.reason = end.reason.empty() ? where : where + ": " + end.reason;
  }
  return {std::move(end), node, node_fault};
}

// Parts start so soon one after another.
constexpr Duration kStartsWithin = std::chrono::minutes(1);

// Whether one part was over before another's time ran out, so that it did not end for it: nobody could tell
// the other to stop. By how long each of them ran, since both may be heard of at once, in either order.
bool WasLongOver(std::int64_t elapsed_us, std::int64_t timed_out_us, Duration grace) {
  return elapsed_us != 0 && Duration(timed_out_us - elapsed_us) > grace + kStartsWithin;
}

constexpr std::int32_t kKill = 9;  // SIGKILL has this number on every POSIX system

bool IsKill(const End& end) { return end.kind == EndKind::kSignalled && end.code == kKill; }

// Whether somebody killed a part, and not long after another had failed: the kernel for want of memory, or a
// person. A part that was told to stop may have had its KILL from that.
bool WasKilled(const Gang& gang, const PlaceEnd& over) {
  if (over.end.kind == EndKind::kOutOfMemory) return true;
  if (!IsKill(over.end) || over.stopped || gang.ending_elapsed_us == 0) return false;
  return Duration(over.usage.elapsed_us - gang.ending_elapsed_us) <= kStartsWithin;
}

// An end of a part that ends the attempt already, for `ending`, is how it ended: it came first, or the other
// followed from it. A node that is lost, a part that is killed, or one whose wall time is over makes the
// parts on others fail (mpirun misses its daemon), and they say so before it is known, at once or after their
// time to save. One that has saved has not failed, and the others were left to save, too.
bool IsCause(const JobSettings& settings, const Gang& gang, std::uint32_t index, const PlaceEnd& over) {
  const auto by_itself = [](const End& e) {
    return e.kind == EndKind::kExited || e.kind == EndKind::kSignalled;
  };
  const auto& [end, usage, node_fault, stopped] = over;
  const End& ending = gang.ending;
  const Duration grace = settings.stop_grace;
  if (end.kind == EndKind::kNodeLost) return !ending.Succeeded() && ending.kind != EndKind::kNodeLost;
  if (ending.kind == EndKind::kTimedOut)
    return (by_itself(end) || end.kind == EndKind::kOutOfMemory) &&
           EndsGang(settings.gang, gang.parts[index], index, end) &&
           WasLongOver(usage.elapsed_us, gang.ending_elapsed_us, grace);
  const bool failed = by_itself(ending) && !ending.Succeeded() && !settings.checkpoint.SaidSaved(ending);
  if (end.kind == EndKind::kTimedOut)
    return failed && !WasLongOver(gang.ending_elapsed_us, usage.elapsed_us, grace);
  return failed && !IsKill(ending) && WasKilled(gang, over);
}

void EndPart(Turn& turn, NodeId node, const AttemptRef& ref, const PlaceEnd& over, TimePoint until) {
  const auto& [end, usage, node_fault, stopped] = over;
  const Attempt& attempt = AttemptOf(turn, ref);
  const Gang& gang = *attempt.gang;
  const JobSettings& settings = *turn.state().jobs.at(ref.task.job).spec.settings;
  const GangSpec& spec = settings.gang;
  const std::uint32_t index = IndexOfPart(attempt, node);
  // Whoever stopped it for good knows how it ended; whose time to save is over may still have ended well on
  // all nodes.
  const bool decided = attempt.stop != StopReason::kNone && attempt.stop != StopReason::kNotice;
  const bool stopping = decided || gang.ends();
  const bool ends = !stopping && EndsGang(spec, gang.parts[index], index, end);
  const bool is_cause = gang.ends() && IsCause(settings, gang, index, over);
  if (gang.live() > 1) {
    // Its node says it only once, and the verdict may be left to another scheduler.
    const KnownSave told = index == kMainPart ? attempt.last_save : KnownSave{};
    turn.Record(PartEnded{ref, index, end, usage, ends, node_fault, is_cause, told});
    NoteAllStarted(turn, ref);
    if (ends && !OthersSave(settings, attempt)) StopPlaces(turn, ref, StopReason::kGangEnds);
    return turn.WantCycle();
  }
  const bool by_another = gang.ends() && !is_cause;
  GangVerdict verdict = by_another ? VerdictOf(turn, gang, gang.ending_part, gang.ending, gang.node_fault)
                                   : VerdictOf(turn, gang, index, end, node_fault);
  Usage sum = gang.usage;
  AddUsage(usage, sum);
  EndGang(turn, ref, verdict, sum, index, end, until);
}

}  // namespace

void StartPlace(Turn& turn, NodeId node, const AttemptRef& ref, std::int64_t pid) {
  const Attempt& attempt = AttemptOf(turn, ref);
  if (!attempt.gang) {
    if (!attempt.started_at.set()) turn.Record(AttemptStarted{ref, pid});
    return;
  }
  const std::uint32_t index = IndexOfPart(attempt, node);
  if (!attempt.gang->parts[index].started) turn.Record(PartStarted{ref, index, pid});
  NoteAllStarted(turn, ref);
}

void EndPlace(Turn& turn, NodeId node, const AttemptRef& ref, const PlaceEnd& over, TimePoint until) {
  if (AttemptOf(turn, ref).gang) return EndPart(turn, node, ref, over, until);
  EndAttempt(turn, ref, over.end, over.usage, until);
}

bool OthersSave(const JobSettings& settings, const Attempt& attempt) {
  return attempt.notice && attempt.gang && attempt.gang->ends() && !settings.gang.main_ends() &&
         settings.checkpoint.SaidSaved(attempt.gang->ending);
}

void StopPlaces(Turn& turn, const AttemptRef& ref, StopReason reason) {
  const Duration grace = StopGraceOf(turn, ref, reason);
  ForEachPlace(AttemptOf(turn, ref), [&](NodeId node, Incarnation, const Resources&, const auto&) {
    if (!turn.store.IsConnected(node)) return;  // told again when the node is back
    turn.Send(StopTask{node, turn.state().nodes.at(node).incarnation, ref, reason, grace});
  });
}

}  // namespace bsub::sched
