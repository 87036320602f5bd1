#include "scheduler/rpc/job_translation.h"

#include <algorithm>
#include <string>

#include "common/utf8.h"
#include "jobs/state.h"
#include "jobs/text.h"
#include "scheduler/core/reservation_name.h"
#include "scheduler/rpc/interruption_translation.h"

namespace bsub::rpc {
namespace {

// Of one of an attempt's parts.
std::string PhaseOf(const sched::State& state, const sched::Attempt& attempt, const sched::Part& part) {
  if (part.over) return "ended";
  const auto node = state.nodes.find(part.node);
  if (node != state.nodes.end() && node->second.state == sched::NodeState::kContactLost)
    return "contact lost";
  if (sched::WantedStop(attempt) != sched::StopReason::kNone) return "stopping";
  return part.started ? "running" : "starting";
}

std::string NodeName(const sched::State& state, NodeId id) {
  const auto it = state.nodes.find(id);
  return it == state.nodes.end() ? "" : it->second.description.name;
}

// Live attempts show more than the state does.
std::string Phase(const sched::State& state, const sched::Attempt& attempt) {
  bool lost = false;
  sched::ForEachPlace(attempt, [&](NodeId id, Incarnation, const Resources&, const auto&) {
    const auto node = state.nodes.find(id);
    lost |= node != state.nodes.end() && node->second.state == sched::NodeState::kContactLost;
  });
  if (lost) return "contact lost";
  if (sched::WantedStop(attempt) != sched::StopReason::kNone) return "stopping";
  return attempt.started_at.set() ? "running" : "starting";
}

void FillReach(const sched::Reach& from, v1::Reach& to) {
  to.set_racks(from.racks);
  to.set_hops(from.hops);
  to.set_latency_ns(from.latency_ns);
  to.set_bytes_per_second(from.bandwidth);
}

void FillParts(const sched::State& state, const sched::Attempt& attempt, v1::Attempt& to) {
  for (const sched::Part& part : attempt.gang->parts) {
    to.add_nodes(NodeName(state, part.node));
    v1::Part& added = *to.add_parts();
    added.set_index(static_cast<std::uint32_t>(to.parts_size() - 1));
    added.set_node(NodeName(state, part.node));
    added.set_phase(PhaseOf(state, attempt, part));
    FillResources(part.allocated, *added.mutable_allocated());
    added.mutable_gpu_indices()->Assign(part.gpu_indices.begin(), part.gpu_indices.end());
  }
}

void FillPastParts(const PastAttempt& past, v1::Attempt& to) {
  for (std::size_t i = 0; i < std::min(past.parts.size(), past.nodes.size()); ++i) {
    v1::Part& added = *to.add_parts();
    added.set_index(static_cast<std::uint32_t>(i));
    added.set_node(past.nodes[i]);
    added.set_phase("ended");
    FillResources(past.parts[i].allocated, *added.mutable_allocated());
    added.mutable_gpu_indices()->Assign(past.parts[i].gpu_indices.begin(), past.parts[i].gpu_indices.end());
  }
}

// What is over waits for nobody's release, though a requeue would find it held.
void FillViews(JobState state, bool held, EndKind end, v1::Job& to) {
  held = held && !IsOver(state);
  to.set_state(std::string(ToString(state)));
  to.set_held(held);
  const StateView view = ViewOf(state, held, end);
  to.set_lsf_state(std::string(view.lsf));
  to.set_slurm_state(std::string(view.slurm_long));
}

void FillSettings(const JobSettings& settings, v1::Job& to) {
  to.set_owner(ToUtf8(settings.owner.name));
  to.set_uid(settings.owner.uid);
  to.set_queue(settings.queue);
  FillResources(settings.request, *to.mutable_resources());
  to.set_walltime_us(settings.walltime.count());
  to.set_working_directory(ToUtf8(settings.working_directory));
  to.set_submit_host(ToUtf8(settings.submit_host));
  to.set_project(settings.project);
  to.set_share_identifier(settings.share_identifier);
  to.set_reservation(std::string(sched::NameForPeople(settings.reservation)));
  FillRetry(settings.retry, *to.mutable_retry());
  to.mutable_tags()->insert(settings.tags.begin(), settings.tags.end());
  to.set_definition(settings.definition);
  to.set_stdout_path(ToUtf8(settings.stdout_path));
  to.set_stderr_path(ToUtf8(settings.stderr_path));
  if (settings.gang != GangSpec{}) FillGang(settings.gang, *to.mutable_gang());
  if (settings.checkpoint != CheckpointSpec{}) FillCheckpoint(settings.checkpoint, *to.mutable_checkpoint());
}

void FillSpec(JobId id, const JobSpec& spec, v1::Job& to) {
  to.set_id(id.value());
  to.set_name(ToUtf8(spec.name));
  FillSettings(*spec.settings, to);
  to.set_begin_at_us(spec.begin_at.micros());
  if (!spec.dependency.empty()) to.set_dependency(ToUtf8(ToString(spec.dependency)));
}

void FillTask(const sched::State& state, const sched::Task& task, v1::Job& to) {
  to.set_interruption_count(task.interruptions);
  to.set_restart_count(task.attempts == 0 ? 0 : task.attempts - 1);
  if (!task.attempt) return;
  to.set_node(NodeName(state, task.attempt->node));
  to.set_started_at_us(task.attempt->started_at.micros());
  v1::Attempt& live = *to.add_attempts();
  FillLiveAttempt(state, *task.attempt, live);
  if (task.attempt->notice && to.has_checkpoint() && live.phase() == "running")
    live.set_phase("checkpointing");
  AddOpenInterruption(state, *task.attempt, to);
  AddLastSave(task.attempt->known_save(), to);
}

void FillOver(const End& end, TimePoint at, v1::Job& to) {
  FillExit(end, *to.mutable_exit());
  to.set_finished_at_us(at.micros());
  to.set_reason(ToUtf8(Describe(end)));
}

void FillArray(const ArraySpec& spec, const sched::StatusSummary& counts, v1::ArrayProperties& to) {
  to.set_spec(spec.ToString());
  to.set_size(spec.size());
  to.set_concurrency(spec.concurrency());
  for (int i = 0; i < kJobStateCount; ++i) {
    const auto state = static_cast<JobState>(i);
    (*to.mutable_status_summary())[std::string(ToString(state))] = counts[static_cast<std::size_t>(i)];
  }
}

void FillCommon(const sched::Job& job, v1::Job& to) {
  FillSpec(job.id, job.spec, to);
  to.set_priority(job.priority);
  to.set_submitted_at_us(job.submitted_at.micros());
}

std::string FailedChildren(const sched::StatusSummary& counts, std::uint32_t size) {
  const std::uint32_t failed = counts[static_cast<std::size_t>(JobState::kFailed)];
  return std::to_string(failed) + " of " + Count(size, "child", "children") + " failed";
}

void FillWholeArray(const sched::Job& job, v1::Job& to) {
  const sched::StatusSummary counts = sched::Summarise(job);
  const JobState state = sched::StateOf(job);
  FillArray(*job.spec.array, counts, *to.mutable_array());
  FillViews(state, job.held, EndKind::kNone, to);
  if (!IsOver(state)) return;
  to.set_finished_at_us(job.finished_at.micros());
  if (state == JobState::kFailed) to.set_reason(FailedChildren(counts, job.size()));
}

}  // namespace

void FillResources(const Resources& from, v1::Resources& to) {
  to.set_cpu_milli(from.cpu_milli);
  to.set_mem_bytes(from.mem_bytes);
  to.set_gpus(from.gpus);
}

void FillUsage(const Usage& from, v1::Usage& to) {
  to.set_user_us(from.user_us);
  to.set_system_us(from.system_us);
  to.set_elapsed_us(from.elapsed_us);
  to.set_max_rss_bytes(from.max_rss_bytes);
  to.set_read_bytes(from.read_bytes);
  to.set_write_bytes(from.write_bytes);
}

void FillExit(const End& from, v1::Exit& to) {
  to.set_kind(std::string(ToString(from.kind)));
  to.set_code(from.code);
  to.set_shell_code(ShellExitCode(from));
  to.set_by(ToUtf8(from.by));
  to.set_reason(ToUtf8(from.reason));
  to.set_text(ToUtf8(Describe(from)));
}

void FillGang(const GangSpec& from, v1::Gang& to) {
  to.set_nodes(from.nodes);
  to.set_min_nodes(from.min_nodes);
  to.set_ranks_per_node(from.ranks_per_node);
  to.set_threads_per_rank(from.threads_per_rank);
  to.set_exclusive(from.exclusive);
  to.set_end(std::string(ToString(from.end)));
  to.set_launch(std::string(ToString(from.launch)));
  to.set_placement(ToString(from.placement));
  to.set_placement_group(ToUtf8(from.placement.group));
  for (const std::string& feature : from.placement.features) to.add_features(ToUtf8(feature));
  for (const std::string& feature : from.placement.preferred_features)
    to.add_preferred_features(ToUtf8(feature));
}

void FillPlacement(const sched::PlacementRecord& from, v1::Placement& to) {
  to.set_text(ToUtf8(sched::Describe(from)));
  to.set_policy(std::string(ToString(from.policy)));
  to.set_kept(from.kept);
  to.set_level(ToUtf8(from.level));
  to.set_path(ToUtf8(from.path));
  FillReach(from.got, *to.mutable_got());
  FillReach(from.best, *to.mutable_best());
  to.mutable_partitions()->Assign(from.partitions.begin(), from.partitions.end());
}

void FillReasons(const std::vector<sched::Reason>& from, google::protobuf::RepeatedPtrField<v1::Reason>& to) {
  for (const sched::Reason& reason : from) {
    v1::Reason& out = *to.Add();
    out.set_code(std::string(sched::ToString(reason.code)));
    out.set_text(ToUtf8(reason.text));
    out.set_next_step(ToUtf8(reason.next_step));
    for (const std::string& line : reason.evidence) out.add_evidence(ToUtf8(line));
  }
}

void FillRetry(const RetryStrategy& from, v1::RetryStrategy& to) {
  to.set_attempts(from.attempts);
  for (const EvaluateOnExit& rule : from.evaluate_on_exit) {
    v1::EvaluateOnExit& out = *to.add_evaluate_on_exit();
    out.set_on_status_reason(rule.on_status_reason);
    out.set_on_reason(rule.on_reason);
    out.set_on_exit_code(rule.on_exit_code);
    out.set_action(rule.action == RetryAction::kRetry ? "RETRY" : "EXIT");
  }
}

std::string_view ThenText(sched::AfterAttempt then) {
  switch (then) {
    case sched::AfterAttempt::kSucceeded:
      return "succeeded";
    case sched::AfterAttempt::kRetry:
      return "retry";
    case sched::AfterAttempt::kFailed:
      return "failed";
  }
  return "failed";
}

void FillJob(const sched::State& state, const sched::Job& job, v1::Job& to) {
  FillCommon(job, to);
  to.set_display_id(std::to_string(job.id.value()));
  if (job.array) {
    FillWholeArray(job, to);
    return;
  }
  const JobState job_state = sched::StateOf(job);
  const End end = EndOf(job, 0);
  FillViews(job_state, job.held || job.task.held, end.kind, to);
  FillTask(state, job.task, to);
  if (IsOver(job_state)) FillOver(end, job.finished_at, to);
}

void FillChild(const sched::State& state, const sched::Job& job, std::uint32_t ordinal, v1::Job& to) {
  FillCommon(job, to);
  to.set_display_id(sched::DisplayId(job, ordinal));
  if (job.array) to.set_index(job.spec.array->IndexOf(ordinal));
  const JobState task_state = sched::StateOf(job, ordinal);
  const sched::Task* task = sched::FindTask(job, ordinal);
  const End end = EndOf(job, ordinal);
  FillViews(task_state, job.held || (task && task->held), end.kind, to);
  if (task) FillTask(state, *task, to);
  if (!IsOver(task_state)) return;
  FillOver(end, task && task->last_end ? task->last_end->at : TimePoint(), to);
}

void FillPastJob(const PastJob& past, v1::Job& to) {
  const JobSpec& spec = past.submitted->spec;
  FillSpec(past.id, spec, to);
  to.set_display_id(std::to_string(past.id.value()));
  to.set_priority(past.priority);
  to.set_submitted_at_us(past.submitted_at.micros());
  to.set_finished_at_us(past.finished_at.micros());
  FillViews(past.failed > 0 ? JobState::kFailed : JobState::kSucceeded, false, EndKind::kNone, to);
  if (!spec.array) return;
  sched::StatusSummary counts{};
  counts[static_cast<std::size_t>(JobState::kSucceeded)] = past.succeeded;
  counts[static_cast<std::size_t>(JobState::kFailed)] = past.failed;
  FillArray(*spec.array, counts, *to.mutable_array());
}

void FillLiveAttempt(const sched::State& state, const sched::Attempt& attempt, v1::Attempt& to) {
  to.set_number(attempt.number);
  if (!attempt.gang) to.add_nodes(NodeName(state, attempt.node));
  if (attempt.gang) FillParts(state, attempt, to);
  if (attempt.gang && attempt.gang->placement)
    FillPlacement(*attempt.gang->placement, *to.mutable_placement());
  to.set_placed_at_us(attempt.placed_at.micros());
  to.set_started_at_us(attempt.started_at.micros());
  to.set_phase(Phase(state, attempt));
  FillResources(attempt.allocated, *to.mutable_allocated());
  to.mutable_gpu_indices()->Assign(attempt.gpu_indices.begin(), attempt.gpu_indices.end());
}

void FillPastAttempt(const PastAttempt& past, v1::Attempt& to) {
  const sched::AttemptEnded& ended = past.ended;
  to.set_number(ended.attempt.number);
  if (past.nodes.empty()) to.add_nodes(past.node);
  for (const std::string& node : past.nodes) to.add_nodes(node);
  FillPastParts(past, to);
  if (past.placement) FillPlacement(*past.placement, *to.mutable_placement());
  to.set_placed_at_us(ended.placed_at.micros());
  to.set_started_at_us(ended.started_at.micros());
  to.set_ended_at_us(past.ended_at.micros());
  to.set_phase("ended");
  FillResources(past.allocated, *to.mutable_allocated());
  FillExit(ended.end, *to.mutable_exit());
  FillUsage(ended.usage, *to.mutable_usage());
  to.set_interruption(ended.interruption);
  to.set_charged(ended.charged);
  to.set_then(std::string(ThenText(ended.then)));
  to.set_why(ToUtf8(ended.why));
}

void AddPastAttempts(const std::vector<PastAttempt>& past, v1::Job& to) {
  if (past.empty()) return;
  const bool live = to.attempts_size() > 0;
  google::protobuf::RepeatedPtrField<v1::Attempt> all;
  for (const PastAttempt& attempt : past) FillPastAttempt(attempt, *all.Add());
  // An end that became history between the look at the core and now must not show the attempt twice.
  for (const v1::Attempt& attempt : to.attempts()) {
    if (attempt.number() > past.back().ended.attempt.number) *all.Add() = attempt;
  }
  to.mutable_attempts()->Swap(&all);
  AddPastInterruptions(past, to);
  to.set_restart_count(static_cast<std::uint32_t>(to.attempts_size() - 1));
  if (live) return;
  const PastAttempt& last = past.back();
  to.set_node(last.node);
  to.set_started_at_us(last.ended.started_at.micros());
  if (!to.has_exit() || to.finished_at_us() != 0) return;
  FillExit(last.ended.end, *to.mutable_exit());
  to.set_finished_at_us(last.ended_at.micros());
  to.set_reason(ToUtf8(Describe(last.ended.end)));
}

End EndOf(const sched::Job& job, std::uint32_t ordinal) {
  if (!IsOver(sched::StateOf(job, ordinal))) return {};
  if (const sched::Task* task = sched::FindTask(job, ordinal); task && task->last_end)
    return task->last_end->end;
  return {.kind = EndKind::kExited, .code = ShellCodeOf(job, ordinal), .by = "", .reason = ""};
}

int ShellCodeOf(const sched::Job& job, std::uint32_t ordinal) {
  if (const sched::Task* task = sched::FindTask(job, ordinal); task && task->last_end) {
    return ShellExitCode(task->last_end->end);
  }
  return job.array ? job.array->exit_codes.at(ordinal) : 0;
}

}  // namespace bsub::rpc
