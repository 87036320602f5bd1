#include "tests/support/journal_text.h"

#include <string_view>

namespace bsub::testing {
namespace {

// "Kind a=1 b=two": fields at their default are left out.
class Line {
 public:
  explicit Line(std::string_view kind) : text_(kind) {}
  Line& Add(std::string_view field, std::string_view value) {
    if (!value.empty()) text_.append(" ").append(field).append("=").append(Shown(value));
    return *this;
  }
  Line& Add(std::string_view field, const std::string& value) { return Add(field, std::string_view(value)); }
  Line& Add(std::string_view field, const char* value) { return Add(field, std::string_view(value)); }
  Line& Add(std::string_view field, std::int64_t value) {
    return value == 0 ? *this : Add(field, std::to_string(value));
  }
  Line& Add(std::string_view field, TimePoint value) { return Add(field, FormatUtc(value)); }
  Line& Add(std::string_view field, Duration value) {
    return value.count() == 0 ? *this : Add(field, FormatDuration(value));
  }
  Line& Add(std::string_view field, const End& end) {
    return end.kind == EndKind::kNone ? *this : Add(field, Describe(end));
  }
  Line& Word(std::string_view word, bool when = true) {
    if (when) text_.append(" ").append(word);
    return *this;
  }
  std::string Take() { return std::move(text_); }

 private:
  static std::string Shown(std::string_view value) {
    const bool plain = value.find_first_of(" \"") == std::string_view::npos;
    return plain ? std::string(value) : '"' + std::string(value) + '"';
  }
  std::string text_;
};

std::string Task(const sched::TaskRef& task) {
  return std::to_string(task.job.value()) + "." + std::to_string(task.ordinal);
}
std::string Attempt(const sched::AttemptRef& a) { return Task(a.task) + "#" + std::to_string(a.number); }

std::string Ranges(const std::vector<sched::OrdinalRange>& ranges) {
  std::string text;
  for (const sched::OrdinalRange& r : ranges) {
    text += (text.empty() ? "" : ",") + std::to_string(r.first);
    if (r.last != r.first) text += "-" + std::to_string(r.last);
  }
  return text;
}

std::string Numbers(const std::vector<std::int32_t>& numbers) {
  std::string text;
  for (const std::int32_t n : numbers) text += (text.empty() ? "" : ",") + std::to_string(n);
  return text;
}

std::string Text(sched::StopReason reason) {
  switch (reason) {
    case sched::StopReason::kNone:
      return "none";
    case sched::StopReason::kCancel:
      return "cancel";
    case sched::StopReason::kRequeue:
      return "requeue";
    case sched::StopReason::kDuplicate:
      return "duplicate";
    case sched::StopReason::kGangEnds:
      return "gang-ends";
    case sched::StopReason::kNotice:
      return "notice";
  }
  return "unknown";
}

std::string Text(sched::AfterAttempt then) {
  switch (then) {
    case sched::AfterAttempt::kSucceeded:
      return "succeeded";
    case sched::AfterAttempt::kRetry:
      return "retry";
    case sched::AfterAttempt::kFailed:
      return "failed";
  }
  return "unknown";
}

void Fill(Line& l, const sched::ClusterCreated& e) { l.Add("uuid", e.uuid).Add("queue", e.default_queue); }

void Fill(Line& l, const sched::QueueSet& e) {
  const sched::Queue& q = e.queue;
  l.Word(q.name).Add("priority", q.priority).Word("disabled", !q.accepts).Word("closed", !q.dispatches);
  l.Add("max_running", q.max_running).Add("max_running_per_user", q.max_running_per_user);
  l.Add("max_waiting", q.max_waiting).Add("max_waiting_per_user", q.max_waiting_per_user);
  l.Add("max_cpus", q.max_cpus).Add("max_cpus_per_user", q.max_cpus_per_user);
  l.Add("max_cpus_per_share", q.max_cpus_per_share).Add("max_running_per_share", q.max_running_per_share);
  l.Add("max_waiting_per_share", q.max_waiting_per_share);
  for (const std::string& name : q.preempts) l.Add("preempts", name);
  if (q.order != sched::QueueOrder::kPriority) l.Add("policy", std::string(sched::ToString(q.order)));
  if (q.backfill != sched::Backfill::kSpare) l.Add("backfill", std::string(sched::ToString(q.backfill)));
  for (const sched::ShareWeight& share : q.fair_share.weights) l.Add("share", sched::ToString(share));
  l.Word("default", e.make_default).Add("by", e.by);
}
void Fill(Line& l, const sched::QueueDeleted& e) { l.Word(e.name).Add("by", e.by); }

void Fill(Line& l, const sched::DefinitionRegistered& e) {
  l.Word(e.definition.name + ":" + std::to_string(e.definition.revision));
  l.Add("by", e.definition.registered_by);
  if (e.forgets_deregistered) l.Word("forgets deregistered");
  for (const std::string& name : e.forgets_in) l.Word("forgets-in=" + name);
}
void Fill(Line& l, const sched::DefinitionDeregistered& e) {
  l.Word(e.name + ":" + std::to_string(e.revision)).Add("by", e.by);
}

void Fill(Line& l, const sched::JobSubmitted& e) {
  const JobSettings& s = *e.spec.settings;
  l.Word(std::to_string(e.id.value())).Add("name", e.spec.name).Add("by", s.owner.name).Add("queue", s.queue);
  l.Add("array", e.spec.array ? e.spec.array->ToString() : "").Add("asks", Describe(s.request));
  l.Add("gang", Describe(s.gang));
  l.Add("after", ToString(e.spec.dependency))
      .Add("begin", e.spec.begin_at)
      .Word("begins-later", e.begins_later)
      .Add("priority", s.priority);
  l.Add("attempts", s.retry.attempts == 1 ? 0 : s.retry.attempts).Word("held", e.spec.held);
  l.Word("keep-if-impossible", s.on_impossible == OnImpossible::kKeep);
}
void Fill(Line& l, const sched::BeginTimeReached& e) { l.Word(std::to_string(e.job.value())); }
void Fill(Line& l, const sched::HoldSet& e) {
  l.Word(std::to_string(e.target.job.value()) +
         (e.target.ordinal ? "." + std::to_string(*e.target.ordinal) : ""));
  l.Word(e.held ? "held" : "released").Add("by", e.by).Add("reason", e.reason);
}
void Fill(Line& l, const sched::PrioritySet& e) {
  l.Word(std::to_string(e.job.value())).Word("priority=" + std::to_string(e.priority)).Add("by", e.by);
}
void Fill(Line& l, const sched::TasksEnded& e) {
  l.Word(std::to_string(e.job.value())).Add("tasks", Ranges(e.tasks)).Add("end", e.end);
}
void Fill(Line& l, const sched::TasksRequeued& e) {
  l.Word(std::to_string(e.job.value())).Add("tasks", Ranges(e.tasks)).Add("by", e.by);
}

void Fill(Line& l, const sched::AttemptPlaced& e) {
  l.Word(Attempt(e.attempt))
      .Add("node", e.node.value())
      .Add("incarnation", static_cast<std::int64_t>(e.incarnation.value()));
  l.Add("takes", Describe(e.allocated)).Add("gpus", Numbers(e.gpu_indices));
  for (const sched::PlacedPart& part : e.others) {
    l.Word("+ node=" + std::to_string(part.node.value()) +
           " incarnation=" + std::to_string(part.incarnation.value()));
    l.Add("takes", Describe(part.allocated)).Add("gpus", Numbers(part.gpu_indices));
  }
  if (e.placement) l.Add("so", Describe(*e.placement));
}
void Fill(Line& l, const sched::AttemptStarted& e) { l.Word(Attempt(e.attempt)).Add("pid", e.pid); }
void Fill(Line& l, const sched::StopRequested& e) {
  l.Word(Attempt(e.attempt)).Word(Text(e.reason)).Add("by", e.by).Add("text", e.text);
}
void Fill(Line& l, const sched::AttemptEnded& e) {
  l.Word(Attempt(e.attempt)).Add("end", e.end).Add("then", Text(e.then)).Word("uncharged", !e.charged);
  l.Word("interruption", e.interruption).Add("why", e.why).Add("node", e.node.value());
  l.Add("placed", e.placed_at).Add("started", e.started_at).Add("elapsed_us", e.usage.elapsed_us);
  l.Add("noticed", e.cost.notice_at).Add("saved", e.cost.saved_at);
  l.Add("generation", static_cast<std::int64_t>(e.cost.generation)).Add("lost", e.cost.lost);
  l.Word("restarts", e.restarts);
  if (e.last_end.kind != EndKind::kNone)
    l.Word("last-part=" + std::to_string(e.last_part)).Add("so", e.last_end);
}
void Fill(Line& l, const sched::PartStarted& e) {
  l.Word(Attempt(e.attempt)).Word("part=" + std::to_string(e.part)).Add("pid", e.pid);
}
void Fill(Line& l, const sched::PartEnded& e) {
  l.Word(Attempt(e.attempt)).Word("part=" + std::to_string(e.part)).Add("end", e.end);
  l.Word("ends-gang", e.ends_gang)
      .Word("node-fault", e.node_fault)
      .Word("is-cause", e.is_cause)
      .Word("told-of-saves", e.told != sched::KnownSave{})
      .Add("elapsed_us", e.usage.elapsed_us);
}

void Fill(Line& l, const sched::NodeRegistered& e) {
  l.Word(e.description.name)
      .Add("node", e.node.value())
      .Add("incarnation", static_cast<std::int64_t>(e.incarnation.value()));
  l.Add("has", Describe(e.description.total)).Add("boot", e.description.boot_id);
  l.Add("spawner", e.description.spawner_id)
      .Word("kills-on-lease-loss", e.description.on_lease_loss == sched::OnLeaseLoss::kKill);
}
void Fill(Line& l, const sched::NodeContactLost& e) { l.Add("node", e.node.value()).Add("reason", e.reason); }
void Fill(Line& l, const sched::NodeDied& e) { l.Add("node", e.node.value()).Add("reason", e.reason); }
void Fill(Line& l, const sched::NodeDrainSet& e) {
  l.Add("node", e.node.value())
      .Word(e.drained ? "drained" : "resumed")
      .Add("by", e.by)
      .Add("reason", e.reason);
}
void Fill(Line& l, const sched::NodeNoticeSet& e) {
  l.Add("node", e.node.value()).Word("withdrawn", !e.ends_at.set()).Add("ends", e.ends_at);
  l.Word(ToString(e.kind)).Add("by", e.by).Add("reason", e.reason);
}
void Fill(Line& l, const sched::ReservationMade& e) {
  const sched::AdvanceReservation& r = e.reservation;
  l.Word(r.name).Add("from", r.from).Add("to", r.to);
  for (const NodeId node : r.nodes) l.Add("node", node.value());
  for (const std::string& user : r.users) l.Add("user", user);
  l.Add("by", r.by);
}
void Fill(Line& l, const sched::ReservationEnded& e) { l.Word(e.name).Add("by", e.by); }
void Fill(Line& l, const sched::JobMoved& e) { l.Word(std::to_string(e.job.value())).Add("queue", e.queue); }
void Fill(Line& l, const sched::AttemptNoticed& e) {
  l.Word(Attempt(e.attempt)).Add("node", e.node.value()).Word("withdrawn", !e.ends_at.set());
  l.Add("ends", e.ends_at).Word(ToString(e.kind));
  l.Add("for", static_cast<std::int64_t>(e.preempted_for.value()));
}
void Fill(Line& l, const sched::NodeRemoved& e) { l.Add("node", e.node.value()).Add("by", e.by); }

void Fill(Line& l, const sched::JobsForgotten& e) {
  for (const JobId id : e.jobs) l.Word(std::to_string(id.value()));
}
// The value would change with every field that is added; that it is right is checked elsewhere.
void Fill(Line& /*l*/, const sched::StateHashRecorded& /*e*/) {}
void Fill(Line& l, const sched::CountersLifted& e) {
  l.Add("job", e.next_job_id).Add("node", e.next_node_id).Add("incarnation", e.next_incarnation);
}

std::string Text(const sched::ReplyBody& body) {
  if (const auto* a = std::get_if<sched::SubmitAccepted>(&body)) {
    return "job " + std::to_string(a->job.value()) + " in " + (a->default_queue ? "default " : "") +
           "queue " + a->queue + (a->repeated ? " (again)" : "");
  }
  if (const auto* c = std::get_if<sched::ControlResults>(&body)) {
    std::string text;
    for (const Status& s : c->results) text += (text.empty() ? "" : "; ") + (s ? "ok" : s.error().message);
    return text;
  }
  if (const auto* d = std::get_if<sched::DefinitionAccepted>(&body)) {
    return d->name + ":" + std::to_string(d->revision);
  }
  return "ok";
}

std::string Text(const sched::Reply& m) {
  return "Reply " +
         (m.body ? Text(*m.body)
                 : "error " + std::string(ToString(m.body.error().code)) + ": " + m.body.error().message);
}
std::string Text(const sched::LaunchTask& m) {
  Line l("LaunchTask");
  l.Word(Attempt(m.attempt))
      .Add("node", m.node.value())
      .Add("name", m.job_name)
      .Add("takes", Describe(m.allocated));
  l.Add("gpus", Numbers(m.gpu_indices));
  if (m.array_index) l.Word("index=" + std::to_string(*m.array_index) + "/" + std::to_string(m.array_size));
  if (m.gang) l.Word("part=" + std::to_string(m.part) + "/" + std::to_string(m.gang->nodes.size()));
  return l.Add("restarts", m.restart_count).Take();
}
std::string Text(const sched::StopTask& m) {
  return Line("StopTask")
      .Word(Attempt(m.attempt))
      .Add("node", m.node.value())
      .Word(Text(m.reason))
      .Add("grace", m.grace)
      .Take();
}
std::string Text(const sched::NoticeTask& m) {
  return Line("NoticeTask")
      .Word(Attempt(m.attempt))
      .Add("node", m.node.value())
      .Add("remaining", m.remaining)
      .Word("withdrawn", m.withdrawn)
      .Word(m.only_save ? "only-save" : ToString(m.kind))
      .Take();
}
std::string Text(const sched::StrikeNode& m) {
  return Line("StrikeNode")
      .Add("node", m.node.value())
      .Word("kill", m.kill)
      .Add("cut-off", m.cut_off_for)
      .Take();
}
std::string Text(const sched::AckEnded& m) {
  return Line("AckEnded").Word(Attempt(m.attempt)).Add("node", m.node.value()).Take();
}
std::string Text(const sched::AcceptNode& m) {
  return Line("AcceptNode")
      .Add("node", m.node.value())
      .Add("incarnation", static_cast<std::int64_t>(m.incarnation.value()))
      .Add("lease", m.lease)
      .Take();
}
std::string Text(const sched::RefuseNode& m) {
  return Line("RefuseNode").Word(ToString(m.error.code)).Word(m.error.message).Take();
}

}  // namespace

std::string ToText(const sched::JournalEntry& entry) {
  Line line(KindName(entry.body));
  std::visit([&line](const auto& body) { Fill(line, body); }, entry.body);
  return std::to_string(entry.sequence.value()) + " " + FormatUtc(entry.at) + " " + line.Take();
}

std::string ToText(const sched::Message& message) {
  return std::visit([](const auto& m) { return Text(m); }, message);
}

std::string ToText(const sched::Explanation& e) {
  std::string text = e.id + " is " + std::string(ToString(e.state)) + (e.held ? ", held" : "");
  if (e.waiting_children > 0) text += ", " + std::to_string(e.waiting_children) + " children wait";
  for (const sched::Reason& reason : e.reasons) {
    text += "\n  [" + std::string(ToString(reason.code)) + "] " + reason.text;
    for (const std::string& line : reason.evidence) text += "\n    " + line;
    if (!reason.next_step.empty()) text += "\n    -> " + reason.next_step;
  }
  return text;
}

}  // namespace bsub::testing
