#include "cli/run.h"

#include <sys/random.h>

#include <array>
#include <chrono>
#include <memory>
#include <ostream>
#include <set>
#include <utility>

#include "cli/client.h"
#include "cli/first_cluster.h"
#include "cli/interrupts.h"
#include "cli/pipeline/parameters.h"
#include "cli/pipeline/plan.h"
#include "cli/pipeline/runner.h"
#include "cli/run_cluster.h"
#include "cli/run_file.h"
#include "common/hash.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

Manual RunManual() {
  return {
      .name = "run",
      .summary = "run a pipeline of steps",
      .synopsis = {"FILE [--set NAME=VALUE]... [--detach | --dry-run]"},
      .paragraphs = {"Submits the steps of a pipeline (a YAML file, see docs/pipelines.md) with their "
                     "dependencies and watches them "
                     "until all are over. The file is checked as a whole before anything is submitted.",
                     "Run again, it goes on with what has not succeeded: steps whose definition and inputs "
                     "are unchanged are used if "
                     "they succeeded, joined if they are under way, and have their failed tasks run again "
                     "otherwise. What changes "
                     "inside the programs that a step calls is not seen; name such steps with --again.",
                     "Interrupted with Ctrl-C, it leaves the jobs running."},
      .options =
          {{.name = "set",
            .value = "NAME=VALUE",
            .text = "Value of a parameter; may be given several times."},
           {.name = "again",
            .value = "STEP",
            .text = "Run this step, and so what needs it, though it succeeded. May be given several times."},
           {.name = "fresh", .text = "Run every step anew."},
           {.name = "detach", .text = "Return once all is submitted."},
           {.name = "dry-run", .text = "Only show what would be done."},
           {.name = "cancel-on-interrupt", .text = "Cancel the jobs on Ctrl-C."}},
      .examples = {{"run pipeline.yaml", "Run it, or go on with it."},
                   {"run pipeline.yaml --set chunks=32 --dry-run", "What would be done with another value."}},
      .exits = {{"0", "Every step succeeded."},
                {"1", "A step failed, or the operation did."},
                {"2", "Wrong usage, or the file is not a good pipeline."},
                {"130", "Interrupted."}},
      .min_words = 1,
      .max_words = 1,
      .complete_words = "file",
  };
}

Result<std::map<std::string, std::string>> SetOptions(const Arguments& arguments) {
  std::map<std::string, std::string> set;
  for (const std::string& pair : arguments.All("set")) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || !IsParameterName(pair.substr(0, equals))) {
      return InvalidArgument("--set " + Quoted(pair) + ": expected NAME=VALUE");
    }
    set[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return set;
}

PlanRequest RequestFrom(const Arguments& arguments) {
  const std::vector<std::string> again = arguments.All("again");
  std::array<std::uint8_t, 6> id{};
  if (getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) id.fill(0);
  return {.fresh = arguments.Has("fresh"),
          .again = std::set<std::string>(again.begin(), again.end()),
          .new_run_id = ToHex(id)};
}

std::string ActionText(const PlannedStep& planned) {
  const std::string job = std::to_string(planned.job);
  switch (planned.action) {
    case StepAction::kReuse:
      return "done, job " + job;
    case StepAction::kJoin:
      return "under way, job " + job;
    case StepAction::kRequeue:
      return "run " + Count(planned.counts.failed, "failed task", "failed tasks") + " of job " + job +
             " again";
    case StepAction::kSubmit:
      return "submit (" + planned.why + ")";
  }
  return "";
}

void PrintPlan(const LoadedPipeline& loaded, const Plan& plan, std::ostream& out) {
  std::size_t width = 0;
  for (const Step& step : loaded.pipeline.steps) width = std::max(width, step.name.size());
  for (const PlannedStep& planned : plan.steps) {
    const Step& step = loaded.pipeline.steps[planned.step];
    std::string name = step.name;
    name.resize(width, ' ');
    out << name << "  " << Count(step.tasks(), "task", "tasks") << "  " << ActionText(planned) << "\n";
  }
  out.flush();
}

void PrintJobs(const PipelineRunner& runner, std::ostream& out) {
  for (const StepProgress& step : runner.progress()) out << step.job << "  " << step.name << "\n";
  out.flush();
}

std::unique_ptr<Reporter> MakeReporter(Context& context) {
  if (context.terminal.err) return std::make_unique<TerminalReporter>(context.err);
  return std::make_unique<PlainReporter>(context.err);
}

int Interrupted(Context& context, const Arguments& arguments, const PipelineRunner& runner,
                PipelineCluster& cluster, const std::string& path) {
  if (arguments.Has("cancel-on-interrupt")) {
    const Status cancelled = cluster.Cancel(runner.ActiveJobs(), "its pipeline was interrupted");
    if (!cancelled) return Fail(context, "run", cancelled.error());
    context.err << "Interrupted; its jobs are cancelled." << std::endl;
  } else {
    context.err << "Interrupted; its jobs go on. Watch them again with: bsub-lite run " << path << std::endl;
  }
  return kExitInterrupted;
}

int Conclude(Context& context, const LoadedPipeline& loaded, RunOutcome outcome, Duration elapsed) {
  const std::string name = "Pipeline " + loaded.pipeline.name;
  if (outcome == RunOutcome::kSucceeded) {
    context.err << name << " succeeded: " << Count(loaded.pipeline.steps.size(), "step", "steps") << " in "
                << FormatDuration(elapsed) << "." << std::endl;
    if (!loaded.pipeline.results.empty()) context.err << "Results: " << loaded.pipeline.results << std::endl;
    return kExitOk;
  }
  context.err << name << " failed. Once the cause is mended, go on with: bsub-lite run " << loaded.path
              << std::endl;
  return kExitFailed;
}

int Carry(Context& context, const Arguments& arguments, const LoadedPipeline& loaded, Plan plan,
          PipelineCluster& cluster, const Interrupts& interrupts) {
  const auto begin = std::chrono::steady_clock::now();
  if (plan.continues)
    context.err << "Going on with run " << plan.run << " of " << loaded.pipeline.name << "." << std::endl;
  const auto reporter = MakeReporter(context);
  PipelineRunner runner(loaded.pipeline, std::move(plan), loaded.key, cluster, *reporter);
  if (const Status started = runner.Start(); !started) return Fail(context, "run", started.error());
  if (arguments.Has("detach")) {
    PrintJobs(runner, context.out);
    return kExitOk;
  }
  const auto outcome = runner.Watch([&](Duration time) { return interrupts.Wait(time); });
  if (!outcome) return Fail(context, "run", outcome.error());
  if (*outcome == RunOutcome::kInterrupted)
    return Interrupted(context, arguments, runner, cluster, loaded.path);
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  return Conclude(context, loaded, *outcome, std::chrono::duration_cast<Duration>(elapsed));
}

int Run(Context& context, const Arguments& arguments) {
  auto set = SetOptions(arguments);
  if (!set) return Fail(context, "run", set.error());
  const auto loaded = LoadPipeline(arguments.words().front(), std::move(*set));
  if (!loaded) {
    context.err << loaded.error().message << std::endl;
    return kExitUsage;
  }
  const Interrupts interrupts;
  auto address = FindAddress(context);
  if (!address) return Fail(context, "run", address.error());
  const bool dry = arguments.Has("dry-run");
  const bool nothing_there = address->local && !HoldsCluster(address->home);
  if (!dry) {
    if (const Status started = StartFirstCluster(context, *address); !started)
      return Fail(context, "run", started.error());
  }
  auto client = Client::Make(std::move(*address));
  if (!client) return Fail(context, "run", client.error());
  GrpcPipelineCluster cluster(*client, context);
  Result<std::vector<StepJob>> known = std::vector<StepJob>();
  if (!dry || !nothing_there) known = cluster.FindJobs(loaded->key);
  if (!known) return Fail(context, "run", known.error());
  auto plan = MakePlan(loaded->pipeline, loaded->order, *known, RequestFrom(arguments));
  if (!plan) return Fail(context, "run", plan.error());
  if (!dry) return Carry(context, arguments, *loaded, std::move(*plan), cluster, interrupts);
  PrintPlan(*loaded, *plan, context.out);
  return kExitOk;
}

}  // namespace

Command RunCommand() {
  return {.name = "run",
          .heading = "Jobs",
          .summary = "run a pipeline of steps",
          .manual = RunManual,
          .run = Run};
}

}  // namespace bsub::cli
