#include "scheduler/journal/snapshot_codec.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <set>
#include <utility>

#include "scheduler/journal/byte_order.h"
#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/proto_parts.h"

namespace bsub::journal {
namespace {

constexpr std::uint32_t kExitCodesPerChunk = 4096;
// What a damaged count can make us reserve. No setting: it is only a head start.
constexpr std::uint64_t kMostReserved = 10'000'000;

void Encode(const sched::Gang& x, pb::Gang* out) {
  for (const sched::Part& part : x.parts) {
    pb::Part* p = out->add_parts();
    p->set_node(part.node.value());
    p->set_incarnation(part.incarnation.value());
    journal::Encode(part.allocated, p->mutable_allocated());
    for (const std::int32_t gpu : part.gpu_indices) p->add_gpu_indices(gpu);
    p->set_started(part.started);
    p->set_over(part.over);
  }
  out->set_ending_part(x.ending_part);
  if (x.ends()) journal::Encode(x.ending, out->mutable_ending());
  out->set_node_fault(x.node_fault);
  out->set_ending_elapsed_us(x.ending_elapsed_us);
  journal::Encode(x.usage, out->mutable_usage());
  if (x.placement) journal::Encode(*x.placement, out->mutable_placement());
  if (x.told != sched::KnownSave{}) journal::Encode(x.told, out->mutable_told());
}

Status Decode(const pb::Gang& in, sched::Gang* x) {
  if (in.parts_size() < 2 || in.ending_part() >= static_cast<std::uint32_t>(in.parts_size()))
    return DataLoss("an attempt on several nodes with " + std::to_string(in.parts_size()) + " parts");
  for (const pb::Part& p : in.parts()) {
    sched::Part& part = x->parts.emplace_back();
    part.node = NodeId(p.node());
    part.incarnation = Incarnation(p.incarnation());
    journal::Decode(p.allocated(), &part.allocated);
    part.gpu_indices.assign(p.gpu_indices().begin(), p.gpu_indices().end());
    part.started = p.started();
    part.over = p.over();
  }
  x->ending_part = in.ending_part();
  x->node_fault = in.node_fault();
  x->ending_elapsed_us = in.ending_elapsed_us();
  journal::Decode(in.usage(), &x->usage);
  journal::Decode(in.told(), &x->told);
  if (in.has_placement()) BSUB_RETURN_IF_ERROR(journal::Decode(in.placement(), &x->placement));
  return in.has_ending() ? journal::Decode(in.ending(), &x->ending) : OkStatus();
}

void Encode(const sched::Attempt& x, pb::Attempt* out) {
  out->set_number(x.number);
  out->set_node(x.node.value());
  out->set_incarnation(x.incarnation.value());
  journal::Encode(x.allocated, out->mutable_allocated());
  for (const std::int32_t gpu : x.gpu_indices) out->add_gpu_indices(gpu);
  out->set_placed_at_us(x.placed_at.micros());
  out->set_started_at_us(x.started_at.micros());
  out->set_stop(static_cast<std::uint32_t>(x.stop));
  out->set_stop_by(x.stop_by);
  out->set_stop_reason(x.stop_reason);
  out->set_stop_at_us(x.stop_at.micros());
  if (x.gang) Encode(*x.gang, out->mutable_gang());
  if (x.notice) journal::Encode(*x.notice, out->mutable_notice());
}

Status Decode(const pb::Attempt& in, sched::Attempt* x) {
  x->number = in.number();
  x->node = NodeId(in.node());
  x->incarnation = Incarnation(in.incarnation());
  journal::Decode(in.allocated(), &x->allocated);
  x->gpu_indices.assign(in.gpu_indices().begin(), in.gpu_indices().end());
  x->placed_at = TimePoint(in.placed_at_us());
  x->started_at = TimePoint(in.started_at_us());
  BSUB_RETURN_IF_ERROR(DecodeEnum(in.stop(), sched::StopReason::kNotice, "stop reason", &x->stop));
  x->stop_by = in.stop_by();
  x->stop_reason = in.stop_reason();
  x->stop_at = TimePoint(in.stop_at_us());
  if (in.has_notice()) {
    x->notice = std::make_unique<sched::AttemptNotice>();
    BSUB_RETURN_IF_ERROR(journal::Decode(in.notice(), x->notice.get()));
  }
  if (!in.has_gang()) return OkStatus();
  x->gang = std::make_unique<sched::Gang>();
  return Decode(in.gang(), x->gang.get());
}

void Encode(const sched::Task& x, pb::Task* out) {
  out->set_state(static_cast<std::uint32_t>(x.state));
  out->set_held(x.held);
  out->set_admin_hold(x.admin_hold);
  out->set_front(x.front);
  out->set_started(x.started);
  out->set_attempts(x.attempts);
  out->set_charged(x.charged);
  out->set_interruptions(x.interruptions);
  out->set_restarts(x.restarts);
  out->set_saved_generation(x.saved_generation);
  out->set_since_us(x.since.micros());
  if (x.attempt) Encode(*x.attempt, out->mutable_attempt());
  if (!x.last_end) return;
  journal::Encode(x.last_end->end, out->mutable_last_end());
  out->set_last_end_at_us(x.last_end->at.micros());
}

Status Decode(const pb::Task& in, sched::Task* x) {
  BSUB_RETURN_IF_ERROR(DecodeEnum(in.state(), JobState::kFailed, "job state", &x->state));
  x->held = in.held();
  x->admin_hold = in.admin_hold();
  x->front = in.front();
  x->started = in.started();
  x->attempts = in.attempts();
  x->charged = in.charged();
  x->interruptions = in.interruptions();
  x->restarts = in.restarts();
  x->saved_generation = in.saved_generation();
  x->since = TimePoint(in.since_us());
  if (in.has_attempt()) {
    x->attempt = std::make_unique<sched::Attempt>();
    BSUB_RETURN_IF_ERROR(Decode(in.attempt(), x->attempt.get()));
  }
  if (!in.has_last_end()) return OkStatus();
  x->last_end = std::make_unique<sched::TaskEnd>();
  x->last_end->at = TimePoint(in.last_end_at_us());
  return journal::Decode(in.last_end(), &x->last_end->end);
}

std::string EncodeBits(const sched::Bitmap& bits) {
  std::string out;
  if (!bits.FirstSet()) return out;
  for (std::size_t i = 0; i < bits.word_count(); ++i) PutFixed(out, bits.word(i));
  return out;
}

Status DecodeBits(const std::string& in, sched::Bitmap* bits) {
  if (in.empty()) return OkStatus();
  if (in.size() != bits->word_count() * 8) return DataLoss("an array's bitmap has a wrong size");
  for (std::size_t i = 0; i < bits->word_count(); ++i) bits->set_word(i, GetFixed<std::uint64_t>(in, i * 8));
  return OkStatus();
}

void EncodeExitCodes(const sched::ArrayState& x, pb::ArrayState* out) {
  for (std::uint32_t first = 0; first < x.size(); first += std::min(kExitCodesPerChunk, x.size() - first)) {
    std::string codes(std::min(kExitCodesPerChunk, x.size() - first), '\0');
    for (std::uint32_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<char>(x.exit_codes.at(first + i));
    if (codes.find_first_not_of('\0') == std::string::npos) continue;
    pb::ExitCodes* chunk = out->add_exit_codes();
    chunk->set_first(first);
    chunk->set_codes(std::move(codes));
  }
}

Status DecodeExitCodes(const pb::ArrayState& in, sched::ArrayState* x) {
  for (const pb::ExitCodes& chunk : in.exit_codes()) {
    if (chunk.first() > x->size() || chunk.codes().size() > x->size() - chunk.first()) {
      return DataLoss("exit codes of children that an array does not have");
    }
    for (std::uint32_t i = 0; i < chunk.codes().size(); ++i) {
      x->exit_codes.set(chunk.first() + i, static_cast<std::uint8_t>(chunk.codes()[i]));
    }
  }
  return OkStatus();
}

void Encode(const sched::ArrayState& x, pb::ArrayState* out) {
  out->set_succeeded(EncodeBits(x.succeeded));
  out->set_failed(EncodeBits(x.failed));
  out->set_started(EncodeBits(x.started));
  EncodeExitCodes(x, out);
  for (const auto& [ordinal, task] : x.rows) {
    pb::Row* row = out->add_rows();
    row->set_ordinal(ordinal);
    Encode(task, row->mutable_task());
  }
  out->set_max_attempt(x.max_attempt);
  out->set_sent_back(EncodeBits(x.sent_back));
}

Status Decode(const pb::ArrayState& in, sched::ArrayState* x) {
  BSUB_RETURN_IF_ERROR(DecodeBits(in.succeeded(), &x->succeeded));
  BSUB_RETURN_IF_ERROR(DecodeBits(in.failed(), &x->failed));
  BSUB_RETURN_IF_ERROR(DecodeBits(in.started(), &x->started));
  BSUB_RETURN_IF_ERROR(DecodeExitCodes(in, x));
  for (const pb::Row& row : in.rows()) {
    if (row.ordinal() >= x->size()) return DataLoss("a row of a child that an array does not have");
    BSUB_RETURN_IF_ERROR(Decode(row.task(), &x->rows[row.ordinal()]));
  }
  x->max_attempt = in.max_attempt();
  if (!in.sent_back().empty()) x->sent_back = sched::Bitmap(x->size());
  BSUB_RETURN_IF_ERROR(DecodeBits(in.sent_back(), &x->sent_back));
  return OkStatus();
}

void Encode(const sched::Node& x, pb::Node* out) {
  out->set_id(x.id.value());
  journal::Encode(x.description, out->mutable_description());
  out->set_state(static_cast<std::uint32_t>(x.state));
  out->set_incarnation(x.incarnation.value());
  out->set_drained(x.drained);
  out->set_drained_by(x.drained_by);
  out->set_drain_reason(x.drain_reason);
  out->set_registered_at_us(x.registered_at.micros());
  out->set_state_since_us(x.state_since.micros());
  if (x.notice) journal::Encode(*x.notice, out->mutable_notice());
}

Status Decode(const pb::Node& in, sched::Node* x) {
  x->id = NodeId(in.id());
  BSUB_RETURN_IF_ERROR(journal::Decode(in.description(), &x->description));
  BSUB_RETURN_IF_ERROR(DecodeEnum(in.state(), sched::NodeState::kDown, "node state", &x->state));
  x->incarnation = Incarnation(in.incarnation());
  x->drained = in.drained();
  x->drained_by = in.drained_by();
  x->drain_reason = in.drain_reason();
  x->registered_at = TimePoint(in.registered_at_us());
  x->state_since = TimePoint(in.state_since_us());
  return in.has_notice() ? journal::Decode(in.notice(), &x->notice.emplace()) : OkStatus();
}

void Encode(const sched::Job& x, pb::Job* out) {
  out->set_id(x.id.value());
  journal::Encode(x.spec, out->mutable_spec());
  out->set_priority(x.priority);
  out->set_held(x.held);
  out->set_admin_hold(x.admin_hold);
  out->set_begin_reached(x.begin_reached);
  out->set_submitted_at_us(x.submitted_at.micros());
  out->set_finished_at_us(x.finished_at.micros());
  if (x.array) {
    Encode(*x.array, out->mutable_array());
  } else {
    Encode(x.task, out->mutable_task());
  }
}

// Bounds what a short chunk can make us allocate: an array of n children takes memory for n bits.
bool ArrayIsPlausible(const pb::Job& in, const ArraySpec& spec) {
  return in.array().ByteSizeLong() * 1'000'000 >= spec.size() || spec.size() <= 10'000'000;
}

Status Decode(const pb::Job& in, sched::Job* x) {
  x->id = JobId(in.id());
  BSUB_RETURN_IF_ERROR(journal::Decode(in.spec(), &x->spec));
  x->priority = in.priority();
  x->held = in.held();
  x->admin_hold = in.admin_hold();
  x->begin_reached = in.begin_reached();
  x->submitted_at = TimePoint(in.submitted_at_us());
  x->finished_at = TimePoint(in.finished_at_us());
  if (!x->spec.array) return Decode(in.task(), &x->task);
  if (!ArrayIsPlausible(in, *x->spec.array)) return DataLoss("an array without its state");
  x->array = std::make_unique<sched::ArrayState>(x->spec.array->size());
  return Decode(in.array(), x->array.get());
}

void EncodeGlobals(const sched::State& state, pb::Globals* out) {
  out->set_cluster_uuid(state.cluster_uuid);
  out->set_last_sequence(state.last_sequence.value());
  out->set_last_at_us(state.last_at.micros());
  out->set_next_job_id(state.next_job_id);
  out->set_next_node_id(state.next_node_id);
  out->set_next_incarnation(state.next_incarnation);
  out->set_default_queue(state.default_queue);
  for (const auto& [name, queue] : state.queues) journal::Encode(queue, out->add_queues());
  for (const auto& [name, revisions] : state.definitions) {
    for (const JobDefinition& definition : revisions) journal::Encode(definition, out->add_definitions());
  }
  for (const auto& [id, node] : state.nodes) Encode(node, out->add_nodes());
  out->set_job_count(state.jobs.size());
  for (const auto& [key, use] : state.shares) {
    pb::ShareUse* share = out->add_shares();
    share->set_queue(key.first);
    share->set_share(key.second);
    share->set_cpu_milli_seconds(use.cpu_milli_seconds);
    share->set_at_us(use.at.micros());
  }
  for (const auto& [name, reservation] : state.reservations)
    journal::Encode(reservation, out->add_reservations());
}

Status DecodeGlobals(const pb::Globals& in, sched::State* state) {
  state->cluster_uuid = in.cluster_uuid();
  state->last_sequence = Sequence(in.last_sequence());
  state->last_at = TimePoint(in.last_at_us());
  state->next_job_id = in.next_job_id();
  state->next_node_id = in.next_node_id();
  state->next_incarnation = in.next_incarnation();
  state->default_queue = in.default_queue();
  for (const pb::Queue& queue : in.queues())
    BSUB_RETURN_IF_ERROR(journal::Decode(queue, &state->queues[queue.name()]));
  for (const pb::JobDefinition& definition : in.definitions()) {
    auto& revisions = state->definitions[definition.name()];
    BSUB_RETURN_IF_ERROR(journal::Decode(definition, &revisions.emplace_back()));
  }
  for (const pb::Node& node : in.nodes())
    BSUB_RETURN_IF_ERROR(Decode(node, &state->nodes[NodeId(node.id())]));
  for (const pb::ShareUse& share : in.shares())
    state->shares[{share.queue(), share.share()}] = {share.cpu_milli_seconds(), TimePoint(share.at_us())};
  for (const pb::AdvanceReservation& reservation : in.reservations())
    journal::Decode(reservation, &state->reservations[reservation.name()]);
  return OkStatus();
}

std::uint32_t NeededByTasks(const sched::Job& job) {
  std::uint32_t needs = VersionNeeded(job.task);
  if (!job.array) return needs;
  for (const auto& [ordinal, row] : job.array->rows) needs = std::max(needs, VersionNeeded(row));
  return needs;
}

// One chunk of jobs; equal settings are written once.
class JobsEncoder {
 public:
  JobsEncoder() { chunk_.set_needs(1); }

  void Add(const sched::Job& job) {
    pb::Job* out = chunk_.mutable_jobs()->add_jobs();
    Encode(job, out);
    out->set_settings(NumberOf(*job.spec.settings));
    chunk_.set_needs(std::max(chunk_.needs(), NeededByTasks(job)));
    if (job.array) array_bytes_ += job.array->size();
  }
  bool Full(const ChunkLimits& limits) const {
    return static_cast<std::size_t>(chunk_.jobs().jobs_size()) >= limits.jobs ||
           array_bytes_ >= limits.array_bytes;
  }
  bool empty() const { return !chunk_.has_jobs(); }
  std::string Take() {
    std::string bytes = chunk_.SerializeAsString();
    *this = JobsEncoder();
    return bytes;
  }

 private:
  // Most jobs share theirs with the one before.
  std::uint32_t NumberOf(const JobSettings& settings) {
    if (&settings == newest_) return newest_number_;
    const auto [place, fresh] = settings_.try_emplace(settings, static_cast<std::uint32_t>(settings_.size()));
    if (fresh) {
      journal::Encode(settings, chunk_.mutable_jobs()->add_settings());
      chunk_.set_needs(std::max(chunk_.needs(), VersionNeeded(settings)));
    }
    newest_ = &settings;
    return newest_number_ = place->second;
  }

  pb::StateChunk chunk_;
  std::map<JobSettings, std::uint32_t> settings_;
  const JobSettings* newest_ = nullptr;
  std::uint32_t newest_number_ = 0;
  std::size_t array_bytes_ = 0;
};

Status DecodeJobs(const pb::Jobs& in, std::vector<sched::SavedJob>* jobs) {
  std::vector<std::shared_ptr<const JobSettings>> shared;
  for (const pb::JobSettings& settings : in.settings()) {
    auto decoded = std::make_shared<JobSettings>();
    BSUB_RETURN_IF_ERROR(journal::Decode(settings, decoded.get()));
    shared.push_back(std::move(decoded));
  }
  for (const pb::Job& job : in.jobs()) {
    if (job.settings() >= shared.size()) return DataLoss("a job names settings that its chunk lacks");
    sched::Job decoded;
    BSUB_RETURN_IF_ERROR(Decode(job, &decoded));
    decoded.spec.settings = shared[job.settings()];
    jobs->emplace_back(std::move(decoded));
  }
  return OkStatus();
}

std::uint32_t NeededByGlobals(const sched::State& state) {
  std::uint32_t needs = 1;
  for (const auto& [name, revisions] : state.definitions) {
    for (const JobDefinition& definition : revisions) needs = std::max(needs, VersionNeeded(definition));
  }
  for (const auto& [id, node] : state.nodes)
    needs = std::max(needs, node.notice ? 5u : VersionNeeded(node.description));
  for (const auto& [name, queue] : state.queues) needs = std::max(needs, VersionNeeded(queue));
  if (!state.reservations.empty()) needs = std::max(needs, 6u);
  return state.shares.empty() ? needs : std::max(needs, 5u);
}

std::string EncodeGlobalsChunk(const sched::State& state, std::uint64_t job_count) {
  pb::StateChunk chunk;
  chunk.set_needs(NeededByGlobals(state));
  EncodeGlobals(state, chunk.mutable_globals());
  chunk.mutable_globals()->set_job_count(job_count);
  return chunk.SerializeAsString();
}

Error NotUnderstood() {
  return DataLoss("a chunk of state holds something that this program does not understand");
}

}  // namespace

std::uint32_t VersionNeeded(const sched::Task& task) {
  const sched::Gang* gang = task.attempt ? task.attempt->gang.get() : nullptr;
  if (task.saved_generation != 0 || (gang && gang->told != sched::KnownSave{})) return 8;
  const sched::AttemptNotice* notice = task.attempt ? task.attempt->notice.get() : nullptr;
  if (notice && notice->kind == sched::NoticeKind::kPreempted) return 6;
  return task.restarts > 0 || (task.attempt && task.attempt->notice) ? 5 : 1;
}

Status EncodeState(const sched::State& state, const ChunkLimits& limits,
                   const std::function<Status(std::string_view)>& sink) {
  BSUB_RETURN_IF_ERROR(sink(EncodeGlobalsChunk(state, state.jobs.size())));
  JobsEncoder encoder;
  for (const auto& [id, job] : state.jobs) {
    encoder.Add(job);
    if (encoder.Full(limits)) BSUB_RETURN_IF_ERROR(sink(encoder.Take()));
  }
  return encoder.empty() ? OkStatus() : sink(encoder.Take());
}

Result<DecodedChunk> DecodeChunk(std::string_view bytes) {
  google::protobuf::Arena arena;
  pb::StateChunk& chunk = *google::protobuf::Arena::CreateMessage<pb::StateChunk>(&arena);
  if (!chunk.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return DataLoss("a chunk cannot be parsed");
  if (chunk.needs() > kContentVersion) {
    return Error{Code::kUnimplemented, "the snapshot needs content version " + std::to_string(chunk.needs()) +
                                           "; this program reads up to " + std::to_string(kContentVersion) +
                                           ": use the bsub-lite release that wrote it, or a newer one"};
  }
  DecodedChunk decoded;
  if (chunk.has_globals()) {
    decoded.job_count = chunk.globals().job_count();
    BSUB_RETURN_IF_ERROR(DecodeGlobals(chunk.globals(), &decoded.globals.emplace()));
    if (EncodeGlobalsChunk(*decoded.globals, decoded.job_count) != bytes) return NotUnderstood();
    return decoded;
  }
  BSUB_RETURN_IF_ERROR(DecodeJobs(chunk.jobs(), &decoded.jobs));
  return decoded;
}

Status StateDecoder::Add(DecodedChunk chunk) {
  if (chunk.globals.has_value() == (scheduler_ != nullptr))
    return DataLoss("the chunks of a snapshot are out of order");
  if (chunk.globals) {
    expected_jobs_ = chunk.job_count;
    scheduler_ = std::make_unique<sched::Scheduler>(std::move(settings_), std::move(*chunk.globals),
                                                    std::min(expected_jobs_, kMostReserved));
    return OkStatus();
  }
  for (const sched::SavedJob& saved : chunk.jobs) {
    if (saved.job.id <= last_) return DataLoss("the jobs of a snapshot are out of order");
    last_ = saved.job.id;
  }
  jobs_ += chunk.jobs.size();
  scheduler_->Restore(std::move(chunk.jobs));
  return OkStatus();
}

Result<std::unique_ptr<sched::Scheduler>> StateDecoder::Finish() {
  if (!scheduler_ || jobs_ != expected_jobs_) {
    return DataLoss("the snapshot holds " + std::to_string(jobs_) + " jobs of " +
                    std::to_string(expected_jobs_));
  }
  scheduler_->EndRestore();
  return std::move(scheduler_);
}

std::vector<PayloadHash> PayloadsNamedBy(const sched::State& state) {
  std::set<PayloadHash> hashes;
  for (const auto& [id, job] : state.jobs) {
    hashes.insert(job.spec.command);
    hashes.insert(job.spec.settings->environment);
    for (const NodeRange& range : job.spec.settings->node_ranges) hashes.insert(range.command);
  }
  hashes.erase(PayloadHash{});
  return {hashes.begin(), hashes.end()};
}

}  // namespace bsub::journal
