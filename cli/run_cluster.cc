#include "cli/run_cluster.h"

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "cli/job_filter.h"
#include "cli/stream.h"
#include "cli/submit_surroundings.h"
#include "common/utf8.h"
#include "jobs/checkpoint_spec.h"
#include "jobs/directives.h"
#include "jobs/end.h"
#include "jobs/state.h"

namespace bsub::cli {
namespace {

constexpr std::size_t kTargetsPerCall = 1000;  // far below what rpc.max_targets may reasonably be
constexpr std::chrono::milliseconds kSubmitPatience{60'000};  // a restarting scheduler does not end a run

constexpr const char* kPipelineTag = "bsub:pipeline";
constexpr const char* kFileTag = "bsub:file";

struct LabelTag {
  const char* tag;
  std::string StepLabel::*member;
};
constexpr LabelTag kLabelTags[] = {{"bsub:run", &StepLabel::run},
                                   {"bsub:step", &StepLabel::step},
                                   {"bsub:work", &StepLabel::work},
                                   {"bsub:definition", &StepLabel::definition},
                                   {"bsub:inputs", &StepLabel::inputs}};

StepJob FromJob(const api::Job& job) {
  StepJob out{.id = job.id(), .label = {}, .counts = CountsOf(job)};
  for (const LabelTag& label : kLabelTags) {
    if (const auto it = job.tags().find(label.tag); it != job.tags().end())
      out.label.*label.member = it->second;
  }
  return out;
}

void AddTo(TaskCounts& counts, const std::string& state, std::uint32_t n) {
  const auto parsed = ParseJobState(state);
  if (!parsed) return;  // of a newer scheduler; the total shows it
  if (*parsed == JobState::kSucceeded) {
    counts.succeeded += n;
  } else if (*parsed == JobState::kFailed) {
    counts.failed += n;
  } else {
    (IsLive(*parsed) ? counts.running : counts.waiting) += n;
  }
}

void AddTags(const StepOrder& order, api::SubmitRequest& request) {
  auto& tags = *request.mutable_tags();
  tags.insert(order.step->tags.begin(), order.step->tags.end());
  tags[kPipelineTag] = order.pipeline.name;
  tags[kFileTag] = ToUtf8(order.pipeline.file);
  for (const LabelTag& label : kLabelTags) tags[label.tag] = order.label.*label.member;
}

void AddResources(const Step& step, api::SubmitRequest& request) {
  constexpr std::int64_t kOneCpu = 1000;
  api::Resources& resources = *request.mutable_resources();
  resources.set_cpu_milli(step.cpu_milli.value_or(kOneCpu));
  resources.set_mem_bytes(step.mem_bytes.value_or(0));
  resources.set_gpus(step.gpus.value_or(0));
  request.set_walltime_us(step.walltime.count());
  request.mutable_retry()->set_attempts(step.attempts);
}

void AddCheckpoint(const CheckpointSpec& spec, api::SubmitRequest& request) {
  if (!spec.used()) return;
  api::Checkpoint& checkpoint = *request.mutable_checkpoint();
  checkpoint.set_directory(spec.directory);
  checkpoint.set_interval_us(spec.interval.count());
  if (spec.signal != 0) checkpoint.set_signal(ToString(NoticeSignal{spec.signal, spec.signal_group}));
  checkpoint.set_exit_code(spec.exit_code);
  checkpoint.set_anywhere(spec.anywhere);
  if (spec.grace.count() > 0) request.set_stop_grace_us(spec.grace.count());
}

Status AddCommand(const Step& step, api::SubmitRequest& request) {
  api::Command& command = *request.mutable_command();
  for (const std::string& word : step.argv) command.add_argv(word);
  if (step.script.empty()) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> interpreter, ScriptInterpreter(step.script));
  command.set_script(step.script);
  command.set_script_name(step.name);
  for (const std::string& word : interpreter) command.add_interpreter(word);
  return OkStatus();
}

}  // namespace

TaskCounts CountsOf(const api::Job& job) {
  TaskCounts counts;
  if (!job.has_array()) {
    counts.total = 1;
    AddTo(counts, job.state(), 1);
    return counts;
  }
  counts.total = job.array().size();
  for (const auto& [state, n] : job.array().status_summary()) AddTo(counts, state, n);
  return counts;
}

Result<api::SubmitRequest> RequestFor(const StepOrder& order, const Context& context) {
  const Step& step = *order.step;
  api::SubmitRequest request;
  request.set_protocol(kClientProtocol);
  request.set_token(order.token);
  request.set_name(order.pipeline.name + "." + step.name);
  BSUB_RETURN_IF_ERROR(AddCommand(step, request));
  auto variables = EnvironmentMap(context.environment);
  for (const auto& [name, value] : step.environment) variables[name] = value;
  for (const auto& [name, value] : variables)
    request.mutable_environment()->add_variables(name + "=" + value);
  request.set_working_directory(step.workdir);
  AddProcessState(request);
  request.set_queue(step.queue);
  request.set_priority(step.priority);
  AddResources(step, request);
  AddCheckpoint(step.checkpoint, request);
  if (step.array) request.set_array(step.array->ToString());
  request.set_dependency(order.dependency);
  request.set_stdout_path(step.output);
  AddTags(order, request);
  return request;
}

Result<std::vector<api::Job>> GrpcPipelineCluster::List(const api::ListJobsRequest& request) {
  BSUB_RETURN_IF_ERROR(CheckTexts(request));
  for (bool repeated = false;; repeated = true) {
    Stream<api::Job> stream(client_.NewContext(),
                            [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
                              return client_.stub().PrepareAsyncListJobs(context, request, queue);
                            });
    std::vector<api::Job> jobs;
    api::Job job;
    Next next{};
    while ((next = stream.Read(&job, kPatience)) == Next::kMessage) jobs.push_back(std::move(job));
    if (next == Next::kEnd && stream.status().ok()) return jobs;
    const grpc::Status silent(grpc::StatusCode::UNAVAILABLE, "");
    const Error error = client_.ErrorFrom(next == Next::kQuiet ? silent : stream.status());
    // A connection that broke is worth one more try: the next one waits for the scheduler to be back.
    if (error.code != Code::kUnavailable || repeated || next == Next::kQuiet) return error;
  }
}

Result<std::vector<StepJob>> GrpcPipelineCluster::FindJobs(const PipelineKey& key) {
  api::ListJobsRequest request;
  auto& tags = *request.mutable_filter()->mutable_tags();
  tags[kPipelineTag] = key.name;
  tags[kFileTag] = ToUtf8(key.file);
  request.mutable_filter()->set_owner(OwnUser(client_.address()));
  request.set_include_finished(true);
  BSUB_ASSIGN_OR_RETURN(const std::vector<api::Job> jobs, List(request));
  std::map<std::uint64_t, StepJob> by_id;
  for (const api::Job& job : jobs) by_id[job.id()] = FromJob(job);
  std::vector<StepJob> out;
  for (auto& [id, job] : by_id) out.push_back(std::move(job));
  return out;
}

Result<std::vector<TaskCounts>> GrpcPipelineCluster::Counts(const std::vector<std::uint64_t>& jobs) {
  api::ListJobsRequest request;
  for (const std::uint64_t id : jobs) request.add_targets(std::to_string(id));
  BSUB_ASSIGN_OR_RETURN(const std::vector<api::Job> listed, List(request));
  std::map<std::uint64_t, TaskCounts> by_id;
  for (const api::Job& job : listed) by_id[job.id()] = CountsOf(job);
  std::vector<TaskCounts> out;
  for (const std::uint64_t id : jobs) {
    const auto it = by_id.find(id);
    if (it == by_id.end())
      return NotFound("job " + std::to_string(id) +
                      " is not known to the cluster any more; run the pipeline again");
    out.push_back(it->second);
  }
  return out;
}

Result<std::uint64_t> GrpcPipelineCluster::Submit(const StepOrder& order) {
  BSUB_ASSIGN_OR_RETURN(const api::SubmitRequest request, RequestFor(order, context_));
  api::SubmitReply reply;
  BSUB_RETURN_IF_ERROR(
      client_.Call(&api::Scheduler::Stub::Submit, request, &reply, Repeat::kYes, kSubmitPatience));
  return reply.job_id();
}

Result<std::vector<FailedTask>> GrpcPipelineCluster::FailedTasks(std::uint64_t job, std::uint32_t limit) {
  api::ListJobsRequest request;
  request.add_targets(std::to_string(job));
  request.mutable_filter()->add_states(std::string(ToString(JobState::kFailed)));
  request.set_children(true);
  request.set_newest_first(true);
  request.set_limit(limit);
  BSUB_ASSIGN_OR_RETURN(const std::vector<api::Job> listed, List(request));
  std::vector<FailedTask> out;
  for (const api::Job& task : listed) {
    FailedTask& failed = out.emplace_back();
    failed.target = task.display_id();
    if (task.has_index()) failed.index = task.index();
    failed.dependency = task.exit().kind() == ToString(EndKind::kDependencyFailed);
    failed.text = task.exit().text();
  }
  return out;
}

Status GrpcPipelineCluster::Control(api::Action action, const std::vector<std::string>& targets,
                                    const std::string& reason) {
  for (std::size_t begin = 0; begin < targets.size(); begin += kTargetsPerCall) {
    api::ControlRequest request;
    request.set_action(action);
    request.set_reason(reason);
    const std::size_t end = std::min(begin + kTargetsPerCall, targets.size());
    for (std::size_t i = begin; i < end; ++i) request.add_targets(targets[i]);
    api::ControlReply reply;
    BSUB_RETURN_IF_ERROR(client_.Control(request, &reply, kSubmitPatience));
    for (const api::ControlResult& result : reply.results()) {
      if (result.error_code() != 0) return Error{static_cast<Code>(result.error_code()), result.error()};
    }
  }
  return OkStatus();
}

Status GrpcPipelineCluster::Requeue(const std::vector<std::string>& targets) {
  return Control(api::REQUEUE, targets, "the pipeline runs again");
}

Status GrpcPipelineCluster::Cancel(const std::vector<std::string>& targets, const std::string& reason) {
  return Control(api::CANCEL, targets, reason);
}

Result<std::string> GrpcPipelineCluster::ReadTail(const std::string& target, int lines, bool standard_error) {
  api::LogsRequest request;
  request.set_target(target);
  request.set_standard_error(standard_error);
  request.set_tail_lines(lines);
  Stream<api::LogChunk> stream(client_.NewContext(),
                               [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
                                 return client_.stub().PrepareAsyncLogs(context, request, queue);
                               });
  std::string text;
  api::LogChunk chunk;
  Next next{};
  while ((next = stream.Read(&chunk, kPatience)) == Next::kMessage) text += chunk.data();
  if (next == Next::kQuiet) return Unavailable("the scheduler does not answer");
  if (!stream.status().ok()) return client_.ErrorFrom(stream.status());
  return text;
}

// Both streams go to one file.
Result<std::string> GrpcPipelineCluster::LogTail(const std::string& target, int lines) {
  return ReadTail(target, lines, false);
}

}  // namespace bsub::cli
