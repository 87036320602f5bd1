#include "scheduler/core/explain_nodes.h"

#include <algorithm>
#include <utility>

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/core/cycle.h"
#include "scheduler/core/explain_over.h"
#include "scheduler/core/explain_placement.h"
#include "scheduler/core/node_groups.h"
#include "scheduler/core/preemption.h"
#include "scheduler/core/served_order.h"

namespace bsub::sched {
namespace {

class NodesReason {
 public:
  NodesReason(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now)
      : store_(store),
        job_(job),
        ordinal_(ordinal),
        now_(now),
        settings_(*job.spec.settings),
        request_(RequestNow(job, now)) {}

  std::optional<Reason> Find(bool blocked) const {
    Reason reason;
    const NodeGroups g = GroupNodes(store_, job_, request_, now_, reason);
    const auto never = RefusedForEver(store_, RequestOf(settings_));
    if (g.able() < request_.nodes) {
      NeverFits(g, reason);
    } else if (never) {
      NeverStandSo(*never, reason);
    } else if (blocked) {
      return std::nullopt;
    } else if (g.fit_now >= request_.nodes) {
      const auto refused = RefusedPlacement(store_, request_, g.with_room);
      if (!refused) return std::nullopt;
      if (!StandsNowhereWithout(g, reason)) DoNotStandSo(*refused, g, reason);
    } else if (g.closes > 0 && g.fit_now + g.closes + g.kept >= request_.nodes) {
      Closes(g, reason);
    } else if (g.able() - g.unavailable < request_.nodes) {
      Unavailable(g, reason);
    } else if (!StandsNowhereWithout(g, reason)) {
      g.fit_now + g.kept >= request_.nodes ? KeptForOthers(g, reason) : Busy(g, reason);
    }
    return reason;
  }

 private:
  // "2 CPUs", "4 nodes with 2 CPUs on each", "4 empty nodes with at least 2 CPUs".
  std::string Asked() const {
    const std::string each = Describe(request_.each);
    if (request_.plain()) return each;
    const std::string nodes = std::to_string(request_.nodes) +
                              (request_.exclusive ? " empty node" : " node") +
                              (request_.nodes == 1 ? "" : "s");
    return nodes + (request_.exclusive ? " with at least " : " with ") + each;
  }

  void NeverFits(const NodeGroups& g, Reason& reason) const {
    reason.code = ReasonCode::kNeverFits;
    if (request_.nodes == 1) {
      reason.text = "it can never run here: it asks for " + Describe(request_.each) +
                    " on one node, and none of " + CountNodes(g.too_small) + " has that much";
      reason.next_step = "end it with `bsub-lite cancel " + Id() +
                         "` and submit it again with less (-c, -m, --gpus), or add a larger node";
      return;
    }
    reason.text = "it can never run here: it asks for " + Asked() + ", and of " +
                  CountNodes(store_.state().nodes.size()) + " " + std::to_string(g.able()) +
                  (g.able() == 1 ? " has that much" : " have that much");
    reason.next_step = "end it with `bsub-lite cancel " + Id() +
                       "` and submit it again with fewer nodes (--nodes) or less on each, or add nodes";
  }

  void NeverStandSo(const PlacementRefusal& refusal, Reason& reason) const {
    reason.code = ReasonCode::kNeverFits;
    reason.text = "it can never run here: it asks for " + Asked() + "; " + refusal.message;
    reason.next_step =
        "end it with `bsub-lite cancel " + Id() +
        "` and submit it again with another --placement, other --features or fewer nodes" +
        (store_.tree().known() ? ""
                               : "; that all nodes are on one rack is only assumed: a cluster "
                                 "configuration (`bsub-lite up --config`) says where they are and what "
                                 "they have");
  }

  void DoNotStandSo(const PlacementRefusal& refusal, const NodeGroups& g, Reason& reason) const {
    reason.code = ReasonCode::kPlacement;
    reason.text = "it asks for " + Asked() + "; " + std::to_string(g.fit_now) +
                  (g.fit_now == 1 ? " has room, but " : " have room, but ") + refusal.message +
                  WhenItTakesAny() + KeptForThis();
    // What it prefers is waited for all the same: nodes may come.
    const bool idle_would_do = refusal.reason != RefusalReason::kPolicyImpossible;
    reason.next_step = (idle_would_do ? "it starts when enough of what runs there has ended"
                                      : "it waits for that in vain unless nodes are added; with another "
                                        "--placement, or a shorter @WAIT, it could start earlier") +
                       Instead(g);
  }

  // Whether it waits for nodes that take no work, though enough others would do, did they stand elsewhere.
  bool StandsNowhereWithout(const NodeGroups& g, Reason& reason) const {
    const auto lacking = LacksNodes(store_, request_);
    if (!lacking) return false;
    std::string names;
    bool drained = !lacking->nodes.empty();
    for (const NodeId id : lacking->nodes) {
      names += " " + NameOfNode(store_.state(), id);
      drained = drained && store_.state().nodes.at(id).drained;
    }
    reason.code = ReasonCode::kNodesUnavailable;
    reason.text = "it asks for " + Asked() + "; " + lacking->refusal.message +
                  ", and what ends does not change that: " + CountNodes(g.unavailable) +
                  " would do but cannot take work now" + WhenItTakesAny();
    reason.next_step = (drained ? "let nodes work again with `bsub-lite resume" + names + "`"
                                : "see since when with `bsub-lite nodes`" +
                                      (names.empty() ? "" : "; it could be placed with" + names)) +
                       Instead(g);
    return true;
  }

  std::string WhenItTakesAny() const {
    const PlacementSpec& asked = settings_.gang.placement;
    if (asked.mode != PlacementMode::kPreferred) return "";
    return "; from " + FormatUtc(WaitsSince(job_) + asked.wait) + " on it takes what there is";
  }

  // What the same job could be submitted as.
  std::string Instead(const NodeGroups& g) const {
    const TimePoint ends = LatestEnd(now_, settings_.walltime);
    const std::string instead = WouldFitNow(store_, request_, {g.with_room, g.kept_before, now_, ends});
    return instead.empty() ? "" : "; if it asked for less: " + instead;
  }

  void KeptForOthers(const NodeGroups& g, Reason& reason) const {
    const std::string holder = std::to_string(g.kept_for.value());
    reason.code = ReasonCode::kPosition;
    reason.text =
        "it asks for " + Asked() + "; " +
        (g.kept == 1
             ? "node " + g.kept_node + " would do but is kept free for job " + holder + ", which is before it"
             : CountNodes(g.kept) + " would do but are kept free for jobs that are before it");
    reason.next_step = "see when that starts with `bsub-lite when " + holder + "`" + Instead(g);
  }

  void Closes(const NodeGroups& g, Reason& reason) const {
    const bool begun = g.closure.from <= now_;
    reason.code = g.closure.reservation ? ReasonCode::kReservation : ReasonCode::kMaintenance;
    reason.text = "it asks for " + Asked() + "; " + CountNodes(g.closes) + " would do, but on node " +
                  g.closing_node + " " + sched::Describe(g.closure) + " is in the way: ";
    if (begun) {
      reason.text += "it has begun";
    } else if (settings_.walltime.count() == 0) {
      reason.text += "the job has no time limit (-t), so nobody knows that it would be over by then";
    } else {
      reason.text += "with its time limit of " + FormatDuration(settings_.walltime) +
                     " it could still run in " + FormatDuration(g.closure.from - now_);
    }
    reason.next_step =
        "it starts when that is over or other nodes come free; see when with `bsub-lite when " + Id() + "`" +
        (begun ? "" : "; a time limit that ends before would let it start now (-t)");
  }

  void Unavailable(const NodeGroups& g, Reason& reason) const {
    reason.code = ReasonCode::kNodesUnavailable;
    reason.text =
        "it asks for " + Asked() + "; " + CountNodes(g.unavailable) + " would do but cannot take work now";
    reason.next_step = (g.drained.empty() ? "see since when with `bsub-lite nodes`"
                                          : "let one work again with `bsub-lite resume " + g.drained + "`") +
                       Instead(g);
  }

  void Busy(const NodeGroups& g, Reason& reason) const {
    reason.code = ReasonCode::kResources;
    reason.text = "it asks for " + Asked() + "; ";
    if (request_.nodes > 1) {
      reason.text += std::to_string(request_.nodes - g.fit_now) +
                     (g.fit_now + 1 == request_.nodes ? " is missing: " : " are missing: ") +
                     std::to_string(g.fit_now) + " could take it now, ";
    }
    reason.text += CountNodes(g.fit_later) + " would do but " + (g.fit_later == 1 ? "is" : "are") +
                   " busy, " + std::to_string(g.too_small) + " too small, " + std::to_string(g.unavailable) +
                   " unavailable" + KeptForThis() + VictimsText();
    reason.next_step =
        "it starts when enough of what runs has ended; see that with `bsub-lite jobs --user "
        "all --state running`" +
        Instead(g);
  }

  // Whose attempts end early for it.
  std::string VictimsText() const {
    constexpr std::size_t kShown = 3;
    const std::vector<AttemptRef> victims = PreemptedFor(store_, job_.id);
    std::string text;
    for (std::size_t i = 0; i < std::min(victims.size(), kShown); ++i) {
      const Job& victim = store_.state().jobs.at(victims[i].task.job);
      text += (i == 0 ? "; job " : ", ") + DisplayId(victim, victims[i].task.ordinal);
    }
    if (victims.empty()) return "";
    return text + (victims.size() > kShown ? ", …" : "") + (victims.size() == 1 ? " is" : " are") +
           " preempted for it";
  }

  // What is kept free for this job or for one that asks for the same and is before it.
  std::string KeptForThis() const {
    if (!job_.waiting_class) return "";
    const std::vector<NodeId> nodes = store_.reservations().NodesOf(settings_.queue, job_.waiting_class->key);
    if (nodes.empty()) return "";
    const JobId first = WhomFor(store_.reservations().all().at(nodes.front()), *job_.waiting_class);
    const std::string whom = first == job_.id ? "it" : "job " + std::to_string(first.value());
    if (nodes.size() > 1) return "; " + CountNodes(nodes.size()) + " are kept free for " + whom;
    return "; node " + NameOfNode(store_.state(), nodes.front()) + " is kept free for " + whom;
  }

  std::string Id() const { return ShellId(job_, ordinal_); }

  const Store& store_;
  const Job& job_;
  const std::uint32_t ordinal_;
  const TimePoint now_;
  const JobSettings& settings_;
  const NodesRequest request_;
};

}  // namespace

std::optional<Reason> ReasonOfNodes(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now,
                                    bool blocked) {
  return NodesReason(store, job, ordinal, now).Find(blocked);
}

}  // namespace bsub::sched
