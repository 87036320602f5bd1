#include "cli/pipeline/runner.h"

#include <algorithm>
#include <utility>

#include "jobs/text.h"

namespace bsub::cli {
namespace {

// Failed tasks looked at per step while watching. More than this say nothing new.
constexpr std::uint32_t kFailuresLookedAt = 1000;

std::string Indented(const std::string& text) {
  std::string out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out += "\n    | " + text.substr(begin, end - begin);
    begin = end + 1;
  }
  return out;
}

std::string JobText(const StepProgress& step) {
  return "job " + std::to_string(step.job) +
         (step.counts.total > 1 ? ", " + std::to_string(step.counts.total) + " tasks" : "");
}

}  // namespace

PipelineRunner::PipelineRunner(const Pipeline& pipeline, Plan plan, PipelineKey key, PipelineCluster& cluster,
                               Reporter& reporter, RunSettings settings)
    : pipeline_(pipeline),
      plan_(std::move(plan)),
      key_(std::move(key)),
      cluster_(cluster),
      reporter_(reporter),
      settings_(settings),
      job_of_(pipeline.steps.size()),
      failed_seen_(pipeline.steps.size()),
      ran_and_failed_(pipeline.steps.size()) {
  for (const Step& step : pipeline_.steps) {
    progress_.push_back(
        {.name = step.name, .job = 0, .counts = {.total = step.tasks()}, .state = StepState::kWaiting});
  }
}

Status PipelineRunner::Start() {
  for (const PlannedStep& planned : plan_.steps) {
    if (auto status = StartStep(planned); !status) {
      Error error = status.error();
      error.message = "step " + Quoted(pipeline_.steps[planned.step].name) + ": " + error.message;
      return error;
    }
    progress_[planned.step].job = job_of_[planned.step];
  }
  return OkStatus();
}

Status PipelineRunner::StartStep(const PlannedStep& planned) {
  const Step& step = pipeline_.steps[planned.step];
  if (planned.action != StepAction::kSubmit) {
    job_of_[planned.step] = planned.job;
    return planned.action == StepAction::kRequeue ? RequeueFailed(planned) : OkStatus();
  }
  StepOrder order{
      .step = &step, .pipeline = key_, .label = {}, .dependency = DependencyText(step, job_of_), .token = {}};
  order.label = {plan_.run, step.name, WorkDigest(step), DefinitionDigest(step), InputsDigest(step, job_of_)};
  order.token = OrderToken(order.label, planned.job);
  BSUB_ASSIGN_OR_RETURN(job_of_[planned.step], cluster_.Submit(order));
  return OkStatus();
}

Status PipelineRunner::RequeueFailed(const PlannedStep& planned) {
  BSUB_ASSIGN_OR_RETURN(const std::vector<FailedTask> failed, cluster_.FailedTasks(planned.job, 0));
  std::vector<std::string> targets;
  for (const FailedTask& task : failed) targets.push_back(task.target);
  return targets.empty() ? OkStatus() : cluster_.Requeue(targets);
}

Result<RunOutcome> PipelineRunner::Watch(const Pause& pause) {
  Duration interval = settings_.poll_first;
  Duration silence{};
  while (true) {
    if (const Status looked = Look(); looked) {
      silence = {};
    } else if (looked.error().code != Code::kUnavailable || silence >= settings_.patience) {
      return looked.error();
    } else if (silence += interval; silence == interval) {
      reporter_.Line("the scheduler does not answer; the jobs go on, waiting for it");
    }
    reporter_.Progress(progress_);
    if (AllOver()) return Outcome();
    if (!pause(interval)) return RunOutcome::kInterrupted;
    interval = std::min(interval * 2, settings_.poll_last);
  }
}

Status PipelineRunner::Look() {
  BSUB_ASSIGN_OR_RETURN(const std::vector<TaskCounts> counts, cluster_.Counts(job_of_));
  for (const PlannedStep& planned : plan_.steps) {
    StepProgress& step = progress_[planned.step];
    step.counts = counts.at(planned.step);
    BSUB_RETURN_IF_ERROR(LookAtFailures(planned.step));
    const StepState state = StateOf(planned.step);
    if (state == std::exchange(step.state, state)) continue;
    TellChange(planned, step);
  }
  return OkStatus();
}

Status PipelineRunner::LookAtFailures(std::size_t position) {
  StepProgress& step = progress_[position];
  if (step.counts.failed <= failed_seen_[position]) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(const std::vector<FailedTask> failed,
                        cluster_.FailedTasks(step.job, kFailuresLookedAt));
  for (const FailedTask& task : failed) {
    if (task.dependency || !told_.insert(task.target).second) continue;
    ran_and_failed_[position] = true;
    if (failures_told_++ < settings_.failures_shown) TellFailure(step, task);
  }
  failed_seen_[position] = step.counts.failed;
  return OkStatus();
}

StepState PipelineRunner::StateOf(std::size_t position) const {
  const TaskCounts& counts = progress_[position].counts;
  if (counts.all_succeeded()) return StepState::kSucceeded;
  if (counts.active()) return counts.waiting == counts.total ? StepState::kWaiting : StepState::kRunning;
  if (ran_and_failed_[position]) return StepState::kFailed;
  return NotNeeded(position) ? StepState::kNotNeeded : StepState::kBlocked;
}

// It waited for a failure, but what it needs succeeded; or it needs such a step.
bool PipelineRunner::NotNeeded(std::size_t position) const {
  const std::vector<Need>& needs = pipeline_.steps[position].needs;
  return std::any_of(needs.begin(), needs.end(), [&](const Need& need) {
    const StepState parent = progress_[need.target].state;
    if (parent == StepState::kNotNeeded) return need.on != NeedOn::kEnded;
    return need.on == NeedOn::kFailed && parent == StepState::kSucceeded;
  });
}

void PipelineRunner::TellChange(const PlannedStep& planned, const StepProgress& step) const {
  const std::string name = "step " + step.name + " ";
  switch (step.state) {
    case StepState::kWaiting:
      return;
    case StepState::kRunning:
      return reporter_.Line(name + "started (" + JobText(step) + ")");
    case StepState::kSucceeded:
      return reporter_.Line(
          name + (planned.action == StepAction::kReuse ? "reused: it has succeeded (" : "succeeded (") +
          JobText(step) + ")");
    case StepState::kNotNeeded:
      return reporter_.Line(name + "was not needed");
    case StepState::kBlocked:
      return reporter_.Line(name + "did not run: something it needs failed");
    case StepState::kFailed:
      break;
  }
  reporter_.Line(name + "failed: " + std::to_string(step.counts.failed) + " of " +
                 Count(step.counts.total, "task", "tasks"));
}

void PipelineRunner::TellFailure(const StepProgress& step, const FailedTask& task) {
  std::string text = "step " + step.name;
  if (task.index) text += "[" + std::to_string(*task.index) + "]";
  text += " failed: " + task.text + " (job " + task.target + ")";
  const Result<std::string> log = cluster_.LogTail(task.target, settings_.log_lines);
  if (!log) {
    text += "\n    its output cannot be shown: " + log.error().message;
  } else if (Trim(*log).empty()) {
    text += "\n    it wrote nothing";
  } else {
    text += Indented(*log) + "\n    all of it: bsub-lite logs '" + task.target + "'";
  }
  reporter_.Line(text);
}

std::vector<std::string> PipelineRunner::ActiveJobs() const {
  std::vector<std::string> jobs;
  for (const StepProgress& step : progress_) {
    if (step.job != 0 && !IsOver(step.state)) jobs.push_back(std::to_string(step.job));
  }
  return jobs;
}

bool PipelineRunner::AllOver() const {
  return std::all_of(progress_.begin(), progress_.end(),
                     [](const StepProgress& s) { return IsOver(s.state); });
}

RunOutcome PipelineRunner::Outcome() const {
  const bool good = std::all_of(progress_.begin(), progress_.end(), [](const StepProgress& s) {
    return s.state == StepState::kSucceeded || s.state == StepState::kNotNeeded;
  });
  return good ? RunOutcome::kSucceeded : RunOutcome::kFailed;
}

}  // namespace bsub::cli
