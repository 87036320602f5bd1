#include "scheduler/journal/entry_codec.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "common/check.h"
#include "scheduler/journal/proto_parts.h"

namespace bsub::journal {
namespace {

using Ranges = google::protobuf::RepeatedPtrField<pb::OrdinalRange>;

void EncodeRanges(const std::vector<sched::OrdinalRange>& ranges, Ranges* out) {
  for (const sched::OrdinalRange& range : ranges) {
    pb::OrdinalRange* r = out->Add();
    r->set_first(range.first);
    r->set_last(range.last);
  }
}

void DecodeRanges(const Ranges& in, std::vector<sched::OrdinalRange>* ranges) {
  for (const pb::OrdinalRange& r : in) ranges->push_back({r.first(), r.last()});
}

template <typename Part>
void EncodePart(const Part& part, pb::PlacedPart* out) {
  out->set_node(part.node.value());
  out->set_incarnation(part.incarnation.value());
  Encode(part.allocated, out->mutable_allocated());
  for (const std::int32_t gpu : part.gpu_indices) out->add_gpu_indices(gpu);
}

// One overload per kind of entry, in the order of entry.h.
struct Encoder {
  pb::Entry* out;

  void operator()(const sched::ClusterCreated& e) const {
    out->mutable_cluster_created()->set_uuid(e.uuid);
    out->mutable_cluster_created()->set_default_queue(e.default_queue);
  }
  void operator()(const sched::QueueSet& e) const {
    auto* m = out->mutable_queue_set();
    Encode(e.queue, m->mutable_queue());
    m->set_make_default(e.make_default);
    m->set_by(e.by);
  }
  void operator()(const sched::QueueDeleted& e) const {
    out->mutable_queue_deleted()->set_name(e.name);
    out->mutable_queue_deleted()->set_by(e.by);
  }
  void operator()(const sched::DefinitionRegistered& e) const {
    auto* m = out->mutable_definition_registered();
    Encode(e.definition, m->mutable_definition());
    if (e.forgets_deregistered) m->set_forgets_deregistered(true);
    for (const std::string& name : e.forgets_in) m->add_forgets_in(name);
  }
  void operator()(const sched::DefinitionDeregistered& e) const {
    auto* m = out->mutable_definition_deregistered();
    m->set_name(e.name);
    m->set_revision(e.revision);
    m->set_by(e.by);
  }
  void operator()(const sched::JobSubmitted& e) const {
    auto* m = out->mutable_job_submitted();
    m->set_id(e.id.value());
    Encode(e.spec, m->mutable_spec());
    BSUB_CHECK(e.spec.settings != nullptr) << "job " << e.id.value();
    Encode(*e.spec.settings, m->mutable_spec()->mutable_settings());
    if (e.begins_later) m->set_begins_later(true);
  }
  void operator()(const sched::BeginTimeReached& e) const {
    out->mutable_begin_time_reached()->set_job(e.job.value());
  }
  void operator()(const sched::HoldSet& e) const {
    auto* m = out->mutable_hold_set();
    m->set_job(e.target.job.value());
    if (e.target.ordinal) m->set_ordinal(*e.target.ordinal);
    m->set_held(e.held);
    m->set_by_admin(e.by_admin);
    m->set_by(e.by);
    m->set_reason(e.reason);
  }
  void operator()(const sched::PrioritySet& e) const {
    auto* m = out->mutable_priority_set();
    m->set_job(e.job.value());
    m->set_priority(e.priority);
    m->set_by(e.by);
  }
  void operator()(const sched::TasksEnded& e) const {
    auto* m = out->mutable_tasks_ended();
    m->set_job(e.job.value());
    EncodeRanges(e.tasks, m->mutable_tasks());
    Encode(e.end, m->mutable_end());
  }
  void operator()(const sched::TasksRequeued& e) const {
    auto* m = out->mutable_tasks_requeued();
    m->set_job(e.job.value());
    EncodeRanges(e.tasks, m->mutable_tasks());
    m->set_by(e.by);
  }
  void operator()(const sched::AttemptPlaced& e) const {
    auto* m = out->mutable_attempt_placed();
    Encode(e.attempt, m->mutable_attempt());
    m->set_node(e.node.value());
    m->set_incarnation(e.incarnation.value());
    Encode(e.allocated, m->mutable_allocated());
    for (const std::int32_t gpu : e.gpu_indices) m->add_gpu_indices(gpu);
    for (const sched::PlacedPart& part : e.others) EncodePart(part, m->add_others());
    if (e.placement) Encode(*e.placement, m->mutable_placement());
  }
  void operator()(const sched::AttemptStarted& e) const {
    Encode(e.attempt, out->mutable_attempt_started()->mutable_attempt());
    out->mutable_attempt_started()->set_pid(e.pid);
  }
  void operator()(const sched::StopRequested& e) const {
    auto* m = out->mutable_stop_requested();
    Encode(e.attempt, m->mutable_attempt());
    m->set_reason(static_cast<std::uint32_t>(e.reason));
    m->set_by(e.by);
    m->set_text(e.text);
  }
  void operator()(const sched::AttemptEnded& e) const {
    auto* m = out->mutable_attempt_ended();
    Encode(e.attempt, m->mutable_attempt());
    Encode(e.end, m->mutable_end());
    Encode(e.usage, m->mutable_usage());
    m->set_then(static_cast<std::uint32_t>(e.then));
    m->set_charged(e.charged);
    m->set_interruption(e.interruption);
    m->set_why(e.why);
    m->set_node(e.node.value());
    m->set_placed_at_us(e.placed_at.micros());
    m->set_started_at_us(e.started_at.micros());
    m->set_last_part(e.last_part);
    if (e.last_end.kind != EndKind::kNone) Encode(e.last_end, m->mutable_last_end());
    if (e.cost != sched::Interruption{}) Encode(e.cost, m->mutable_cost());
    m->set_restarts(e.restarts);
  }
  void operator()(const sched::NodeRegistered& e) const {
    auto* m = out->mutable_node_registered();
    m->set_node(e.node.value());
    m->set_incarnation(e.incarnation.value());
    Encode(e.description, m->mutable_description());
  }
  void operator()(const sched::NodeContactLost& e) const {
    auto* m = out->mutable_node_contact_lost();
    m->set_node(e.node.value());
    m->set_incarnation(e.incarnation.value());
    m->set_reason(e.reason);
  }
  void operator()(const sched::NodeDied& e) const {
    auto* m = out->mutable_node_died();
    m->set_node(e.node.value());
    m->set_incarnation(e.incarnation.value());
    m->set_reason(e.reason);
  }
  void operator()(const sched::NodeDrainSet& e) const {
    auto* m = out->mutable_node_drain_set();
    m->set_node(e.node.value());
    m->set_drained(e.drained);
    m->set_by(e.by);
    m->set_reason(e.reason);
  }
  void operator()(const sched::NodeRemoved& e) const {
    out->mutable_node_removed()->set_node(e.node.value());
    out->mutable_node_removed()->set_by(e.by);
  }
  void operator()(const sched::JobsForgotten& e) const {
    auto* m = out->mutable_jobs_forgotten();
    for (const JobId job : e.jobs) m->add_jobs(job.value());
  }
  void operator()(const sched::StateHashRecorded& e) const {
    out->mutable_state_hash_recorded()->set_hash(e.hash);
  }
  void operator()(const sched::CountersLifted& e) const {
    auto* m = out->mutable_counters_lifted();
    m->set_next_job_id(e.next_job_id);
    m->set_next_node_id(e.next_node_id);
    m->set_next_incarnation(e.next_incarnation);
  }
  void operator()(const sched::PartStarted& e) const {
    auto* m = out->mutable_part_started();
    Encode(e.attempt, m->mutable_attempt());
    m->set_part(e.part);
    m->set_pid(e.pid);
  }
  void operator()(const sched::PartEnded& e) const {
    auto* m = out->mutable_part_ended();
    Encode(e.attempt, m->mutable_attempt());
    m->set_part(e.part);
    Encode(e.end, m->mutable_end());
    Encode(e.usage, m->mutable_usage());
    m->set_ends_gang(e.ends_gang);
    m->set_node_fault(e.node_fault);
    m->set_is_cause(e.is_cause);
    if (e.told != sched::KnownSave{}) Encode(e.told, m->mutable_told());
  }
  void operator()(const sched::NodeNoticeSet& e) const { Encode(e, out->mutable_node_notice_set()); }
  void operator()(const sched::JobMoved& e) const {
    out->mutable_job_moved()->set_job(e.job.value());
    out->mutable_job_moved()->set_queue(e.queue);
  }
  void operator()(const sched::ReservationMade& e) const {
    Encode(e.reservation, out->mutable_reservation_made());
  }
  void operator()(const sched::ReservationEnded& e) const {
    out->mutable_reservation_ended()->set_name(e.name);
    out->mutable_reservation_ended()->set_by(e.by);
  }
  void operator()(const sched::AttemptNoticed& e) const { Encode(e, out->mutable_attempt_noticed()); }
};

Status DecodeBody(const pb::QueueSet& m, sched::QueueSet* e) {
  BSUB_RETURN_IF_ERROR(Decode(m.queue(), &e->queue));
  e->make_default = m.make_default();
  e->by = m.by();
  return OkStatus();
}

Status DecodeBody(const pb::JobSubmitted& m, sched::JobSubmitted* e) {
  e->id = JobId(m.id());
  BSUB_RETURN_IF_ERROR(Decode(m.spec(), &e->spec));
  const auto settings = std::make_shared<JobSettings>();
  BSUB_RETURN_IF_ERROR(Decode(m.spec().settings(), settings.get()));
  e->spec.settings = settings;
  e->begins_later = m.begins_later();
  return OkStatus();
}

Status DecodeBody(const pb::HoldSet& m, sched::HoldSet* e) {
  e->target.job = JobId(m.job());
  if (m.has_ordinal()) e->target.ordinal = m.ordinal();
  e->held = m.held();
  e->by_admin = m.by_admin();
  e->by = m.by();
  e->reason = m.reason();
  return OkStatus();
}

Status DecodeBody(const pb::TasksEnded& m, sched::TasksEnded* e) {
  e->job = JobId(m.job());
  DecodeRanges(m.tasks(), &e->tasks);
  return Decode(m.end(), &e->end);
}

Status DecodeBody(const pb::TasksRequeued& m, sched::TasksRequeued* e) {
  e->job = JobId(m.job());
  DecodeRanges(m.tasks(), &e->tasks);
  e->by = m.by();
  return OkStatus();
}

Status DecodeBody(const pb::AttemptPlaced& m, sched::AttemptPlaced* e) {
  Decode(m.attempt(), &e->attempt);
  e->node = NodeId(m.node());
  e->incarnation = Incarnation(m.incarnation());
  Decode(m.allocated(), &e->allocated);
  e->gpu_indices.assign(m.gpu_indices().begin(), m.gpu_indices().end());
  for (const pb::PlacedPart& in : m.others()) {
    sched::PlacedPart& part = e->others.emplace_back();
    part.node = NodeId(in.node());
    part.incarnation = Incarnation(in.incarnation());
    Decode(in.allocated(), &part.allocated);
    part.gpu_indices.assign(in.gpu_indices().begin(), in.gpu_indices().end());
  }
  if (m.has_placement()) return Decode(m.placement(), &e->placement);
  return OkStatus();
}

Status DecodeBody(const pb::PartEnded& m, sched::PartEnded* e) {
  Decode(m.attempt(), &e->attempt);
  e->part = m.part();
  BSUB_RETURN_IF_ERROR(Decode(m.end(), &e->end));
  Decode(m.usage(), &e->usage);
  e->ends_gang = m.ends_gang();
  e->node_fault = m.node_fault();
  e->is_cause = m.is_cause();
  Decode(m.told(), &e->told);
  return OkStatus();
}

Status DecodeBody(const pb::StopRequested& m, sched::StopRequested* e) {
  Decode(m.attempt(), &e->attempt);
  e->by = m.by();
  e->text = m.text();
  return DecodeEnum(m.reason(), sched::StopReason::kNotice, "stop reason", &e->reason);
}

Status DecodeBody(const pb::AttemptEnded& m, sched::AttemptEnded* e) {
  Decode(m.attempt(), &e->attempt);
  BSUB_RETURN_IF_ERROR(Decode(m.end(), &e->end));
  Decode(m.usage(), &e->usage);
  BSUB_RETURN_IF_ERROR(DecodeEnum(m.then(), sched::AfterAttempt::kFailed, "outcome of an attempt", &e->then));
  e->charged = m.charged();
  e->interruption = m.interruption();
  e->why = m.why();
  e->node = NodeId(m.node());
  e->placed_at = TimePoint(m.placed_at_us());
  e->started_at = TimePoint(m.started_at_us());
  e->last_part = m.last_part();
  Decode(m.cost(), &e->cost);
  e->restarts = m.restarts();
  if (m.has_last_end()) return Decode(m.last_end(), &e->last_end);
  return OkStatus();
}

Status DecodeBody(const pb::NodeRegistered& m, sched::NodeRegistered* e) {
  e->node = NodeId(m.node());
  e->incarnation = Incarnation(m.incarnation());
  return Decode(m.description(), &e->description);
}

template <typename Message, typename Body>
Status DecodeInto(const Message& message, sched::EntryBody* out) {
  Body body;
  BSUB_RETURN_IF_ERROR(DecodeBody(message, &body));
  *out = std::move(body);
  return OkStatus();
}

sched::EntryBody DecodeDrain(const pb::NodeDrainSet& m) {
  return sched::NodeDrainSet{NodeId(m.node()), m.drained(), m.by(), m.reason()};
}

sched::EntryBody DecodeForgotten(const pb::JobsForgotten& m) {
  sched::JobsForgotten forgotten;
  for (const std::uint64_t job : m.jobs()) forgotten.jobs.emplace_back(job);
  return forgotten;
}

Status DecodeDefinition(const pb::DefinitionRegistered& m, sched::EntryBody* out) {
  sched::DefinitionRegistered registered;
  BSUB_RETURN_IF_ERROR(Decode(m.definition(), &registered.definition));
  registered.forgets_deregistered = m.forgets_deregistered();
  registered.forgets_in.assign(m.forgets_in().begin(), m.forgets_in().end());
  *out = std::move(registered);
  return OkStatus();
}

sched::EntryBody DecodeStarted(const pb::AttemptStarted& m) {
  sched::AttemptStarted started;
  Decode(m.attempt(), &started.attempt);
  started.pid = m.pid();
  return started;
}

sched::EntryBody DecodePartStarted(const pb::PartStarted& m) {
  sched::PartStarted started;
  Decode(m.attempt(), &started.attempt);
  started.part = m.part();
  started.pid = m.pid();
  return started;
}

// Kinds with nothing to judge.
sched::EntryBody DecodeSimple(const pb::Entry& in) {
  using Case = pb::Entry::BodyCase;
  switch (in.body_case()) {
    case Case::kClusterCreated:
      return sched::ClusterCreated{in.cluster_created().uuid(), in.cluster_created().default_queue()};
    case Case::kQueueDeleted:
      return sched::QueueDeleted{in.queue_deleted().name(), in.queue_deleted().by()};
    case Case::kDefinitionDeregistered: {
      const auto& m = in.definition_deregistered();
      return sched::DefinitionDeregistered{m.name(), m.revision(), m.by()};
    }
    case Case::kBeginTimeReached:
      return sched::BeginTimeReached{JobId(in.begin_time_reached().job())};
    case Case::kPrioritySet:
      return sched::PrioritySet{JobId(in.priority_set().job()), in.priority_set().priority(),
                                in.priority_set().by()};
    case Case::kNodeContactLost: {
      const auto& m = in.node_contact_lost();
      return sched::NodeContactLost{NodeId(m.node()), Incarnation(m.incarnation()), m.reason()};
    }
    case Case::kNodeDied:
      return sched::NodeDied{NodeId(in.node_died().node()), Incarnation(in.node_died().incarnation()),
                             in.node_died().reason()};
    case Case::kNodeRemoved:
      return sched::NodeRemoved{NodeId(in.node_removed().node()), in.node_removed().by()};
    case Case::kCountersLifted: {
      const auto& m = in.counters_lifted();
      return sched::CountersLifted{m.next_job_id(), m.next_node_id(), m.next_incarnation()};
    }
    case Case::kJobMoved:
      return sched::JobMoved{JobId(in.job_moved().job()), in.job_moved().queue()};
    case Case::kReservationEnded:
      return sched::ReservationEnded{in.reservation_ended().name(), in.reservation_ended().by()};
    case Case::kReservationMade: {
      sched::ReservationMade made;
      Decode(in.reservation_made(), &made.reservation);
      return made;
    }
    case Case::kPartStarted:
      return DecodePartStarted(in.part_started());
    default:
      BSUB_CHECK(in.has_state_hash_recorded()) << in.body_case();
      return sched::StateHashRecorded{in.state_hash_recorded().hash()};
  }
}

Status DecodeBody(const pb::Entry& in, sched::EntryBody* out) {
  using Case = pb::Entry::BodyCase;
  switch (in.body_case()) {
    case Case::BODY_NOT_SET:
      return DataLoss("an entry without a body");
    case Case::kQueueSet:
      return DecodeInto<pb::QueueSet, sched::QueueSet>(in.queue_set(), out);
    case Case::kDefinitionRegistered:
      return DecodeDefinition(in.definition_registered(), out);
    case Case::kJobSubmitted:
      return DecodeInto<pb::JobSubmitted, sched::JobSubmitted>(in.job_submitted(), out);
    case Case::kHoldSet:
      return DecodeInto<pb::HoldSet, sched::HoldSet>(in.hold_set(), out);
    case Case::kTasksEnded:
      return DecodeInto<pb::TasksEnded, sched::TasksEnded>(in.tasks_ended(), out);
    case Case::kTasksRequeued:
      return DecodeInto<pb::TasksRequeued, sched::TasksRequeued>(in.tasks_requeued(), out);
    case Case::kAttemptPlaced:
      return DecodeInto<pb::AttemptPlaced, sched::AttemptPlaced>(in.attempt_placed(), out);
    case Case::kAttemptStarted:
      *out = DecodeStarted(in.attempt_started());
      return OkStatus();
    case Case::kStopRequested:
      return DecodeInto<pb::StopRequested, sched::StopRequested>(in.stop_requested(), out);
    case Case::kAttemptEnded:
      return DecodeInto<pb::AttemptEnded, sched::AttemptEnded>(in.attempt_ended(), out);
    case Case::kNodeRegistered:
      return DecodeInto<pb::NodeRegistered, sched::NodeRegistered>(in.node_registered(), out);
    case Case::kPartEnded:
      return DecodeInto<pb::PartEnded, sched::PartEnded>(in.part_ended(), out);
    case Case::kNodeNoticeSet:
      return Decode(in.node_notice_set(), &out->emplace<sched::NodeNoticeSet>());
    case Case::kAttemptNoticed:
      return Decode(in.attempt_noticed(), &out->emplace<sched::AttemptNoticed>());
    case Case::kNodeDrainSet:
      *out = DecodeDrain(in.node_drain_set());
      return OkStatus();
    case Case::kJobsForgotten:
      *out = DecodeForgotten(in.jobs_forgotten());
      return OkStatus();
    default:
      *out = DecodeSimple(in);
      return OkStatus();
  }
}

// A message and all of its parts on the stack, as long as it is small: there are a million of them at a
// start.
class StackEntry {
 public:
  StackEntry()
      : arena_(Options(block_)), entry_(*google::protobuf::Arena::CreateMessage<pb::Entry>(&arena_)) {}
  pb::Entry& operator*() { return entry_; }

 private:
  using Block = std::array<char, 2048>;
  static google::protobuf::ArenaOptions Options(Block& block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block.data();
    options.initial_block_size = block.size();
    return options;
  }

  alignas(std::max_align_t) Block block_;
  google::protobuf::Arena arena_;
  pb::Entry& entry_;
};

std::string EncodeAs(std::uint32_t needs, const sched::JournalEntry& entry) {
  StackEntry message;
  pb::Entry& out = *message;
  out.set_needs(needs);
  out.set_sequence(entry.sequence.value());
  out.set_at_us(entry.at.micros());
  std::visit(Encoder{&out}, entry.body);
  return out.SerializeAsString();
}

struct Version {
  std::uint32_t operator()(const sched::CountersLifted& /*e*/) const { return 2; }
  std::uint32_t operator()(const sched::JobSubmitted& e) const {
    return std::max(VersionNeeded(*e.spec.settings), e.begins_later ? 2u : 1u);
  }
  std::uint32_t operator()(const sched::DefinitionRegistered& e) const {
    const bool forgets = e.forgets_deregistered || !e.forgets_in.empty();
    return std::max(VersionNeeded(e.definition), forgets ? 2u : 1u);
  }
  std::uint32_t operator()(const sched::QueueSet& e) const { return VersionNeeded(e.queue); }
  std::uint32_t operator()(const sched::AttemptPlaced& e) const {
    return e.others.empty() && !e.placement ? 1 : 3;
  }
  std::uint32_t operator()(const sched::AttemptEnded& e) const {
    if (e.cost != sched::Interruption{} || e.restarts) return 5;
    return e.last_end.kind == EndKind::kNone && e.last_part == 0 ? 1 : 3;
  }
  std::uint32_t operator()(const sched::StopRequested& e) const {
    return e.reason == sched::StopReason::kNotice ? 5 : 1;
  }
  std::uint32_t operator()(const sched::NodeNoticeSet& /*e*/) const { return 5; }
  std::uint32_t operator()(const sched::AttemptNoticed& e) const {
    return e.kind == sched::NoticeKind::kPreempted || !e.ends_at.set() ? 6 : 5;
  }
  std::uint32_t operator()(const sched::JobMoved& /*e*/) const { return 5; }
  std::uint32_t operator()(const sched::ReservationMade& /*e*/) const { return 6; }
  std::uint32_t operator()(const sched::ReservationEnded& /*e*/) const { return 6; }
  std::uint32_t operator()(const sched::NodeRegistered& e) const { return VersionNeeded(e.description); }
  std::uint32_t operator()(const sched::PartStarted& /*e*/) const { return 3; }
  std::uint32_t operator()(const sched::PartEnded& e) const {
    if (e.told != sched::KnownSave{}) return 8;
    return e.is_cause ? 7 : 3;
  }
  template <typename T>
  std::uint32_t operator()(const T& /*e*/) const {
    return 1;
  }
};

}  // namespace

namespace {

template <typename Ranges>
std::uint32_t NeededByGang(const GangSpec& gang, const Ranges& ranges) {
  if (gang.min_nodes != 0) return 5;
  if (gang.placement.chooses_nodes()) return 4;
  return gang == GangSpec{} && ranges.empty() ? 1 : 3;
}

}  // namespace

std::uint32_t VersionNeeded(const JobSettings& s) {
  if (!s.reservation.empty()) return 6;
  return s.checkpoint != CheckpointSpec{} ? 5 : NeededByGang(s.gang, s.node_ranges);
}
std::uint32_t VersionNeeded(const JobDefinition& d) { return NeededByGang(d.gang, d.node_ranges); }
std::uint32_t VersionNeeded(const sched::NodeDescription& node) { return node.address.empty() ? 1 : 3; }
std::uint32_t VersionNeeded(const sched::Queue& queue) {
  if (sched::HasFineLimits(queue) || !queue.preempts.empty()) return 6;
  const sched::Queue plain;
  const bool old = queue.order == plain.order && queue.backfill == plain.backfill &&
                   queue.fair_share == plain.fair_share && queue.weights == plain.weights &&
                   queue.overdue_after == plain.overdue_after && queue.favour_short == plain.favour_short;
  return old ? 1 : 5;
}

std::uint32_t VersionNeeded(const sched::EntryBody& body) { return std::visit(Version{}, body); }

std::string EncodeEntry(const sched::JournalEntry& entry) {
  return EncodeAs(VersionNeeded(entry.body), entry);
}

Result<sched::JournalEntry> DecodeEntry(std::string_view bytes) {
  StackEntry message;
  pb::Entry& in = *message;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return DataLoss("an entry cannot be parsed");
  if (in.needs() > kContentVersion) {
    return Error{Code::kUnimplemented, "the entry with sequence " + std::to_string(in.sequence()) +
                                           " needs journal content version " + std::to_string(in.needs()) +
                                           "; this program reads up to " + std::to_string(kContentVersion) +
                                           ": use the bsub-lite release that wrote it, or a newer one"};
  }
  sched::JournalEntry entry;
  entry.sequence = Sequence(in.sequence());
  entry.at = TimePoint(in.at_us());
  BSUB_RETURN_IF_ERROR(DecodeBody(in, &entry.body));
  // Before there was a version 2, what belongs to it was written as if it needed no more than 1.
  const bool version_told = in.needs() == 1 || in.needs() == VersionNeeded(entry.body);
  if (!version_told || EncodeAs(in.needs(), entry) != bytes) {
    return DataLoss("the entry with sequence " + std::to_string(in.sequence()) +
                    " holds something that this program does not understand");
  }
  return entry;
}

std::vector<PayloadHash> PayloadsNamedBy(const sched::JournalEntry& entry) {
  std::vector<PayloadHash> hashes;
  if (const auto* submitted = std::get_if<sched::JobSubmitted>(&entry.body)) {
    const JobSettings& settings = *submitted->spec.settings;
    const auto add = [&hashes](const PayloadHash& hash) {
      if (!hash.empty()) hashes.push_back(hash);
    };
    add(submitted->spec.command);
    add(settings.environment);
    for (const NodeRange& range : settings.node_ranges) add(range.command);
  }
  return hashes;
}

}  // namespace bsub::journal
