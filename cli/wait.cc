#include "cli/wait.h"

#include "cli/connect.h"
#include "cli/targets.h"
#include "cli/waiting.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

Manual WaitManual() {
  return {
      .name = "wait",
      .summary = "wait until jobs are over",
      .synopsis = {"[--timeout TIME] [--progress] [--quiet] [--json] JOB ..."},
      .paragraphs = {"Waits until every JOB (12, or 12[17] for one child of an array) is over and tells by "
                     "the exit code how they ended. A job that did not succeed is named on standard error.",
                     "The scheduler may restart in the meantime; only if it stays away for more than 8 "
                     "seconds does the command give up."},
      .options = {{.name = "timeout",
                   .value = "TIME",
                   .text = "Give up after TIME, such as 30s or 2h.",
                   .fallback = "never"},
                  {.name = "progress", .text = "Show a progress bar if standard error is a terminal."},
                  {.name = "quiet", .text = "Do not say how the jobs ended."},
                  {.name = "json", .text = "When they are over, print how they ended as one JSON object."}},
      .examples = {{"wait 1; echo $?", "One job: its exit code."},
                   {"wait --timeout 1h 7 8 9", "All of them, for at most an hour."}},
      .exits = {{"0", "One job: it exited with 0. Several, or an array: all succeeded."},
                {"1", "Several, or an array: at least one did not succeed."},
                {"N", "One job: its own exit code; 128 + n if signal n ended it."},
                {"125",
                 "One job: it ended with neither code nor signal, e.g. it was cancelled or never started."},
                {"124", "--timeout ran out."},
                {"130", "Interrupted with Ctrl-C; the jobs go on."},
                {"2", "Wrong usage, or there is no such job."},
                {"3", "The scheduler cannot be reached, or cannot answer."}},
      .min_words = 1,
      .complete_words = "job"};
}

int Run(Context& context, const Arguments& arguments) {
  auto targets = ParseTargets(arguments.words());
  if (!targets) return Fail(context, "wait", targets.error());
  WaitPlan plan;
  plan.targets = std::move(*targets);
  plan.quiet = arguments.Has("quiet");
  plan.json = arguments.Has("json");
  plan.progress = arguments.Has("progress") && context.terminal.err;
  if (const auto text = arguments.Get("timeout")) {
    const auto timeout = ParseDuration(*text);
    if (!timeout) return Fail(context, "wait", InvalidArgument("--timeout: " + timeout.error().message));
    plan.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  }
  const Interrupts interrupts;
  plan.interrupts = &interrupts;
  auto client = Connect(context);
  if (!client) return FailWait(context, client.error());
  return WaitForJobs(context, *client, plan);
}

}  // namespace

Command WaitCommand() {
  return {.name = "wait",
          .heading = "Jobs",
          .summary = "wait until jobs are over",
          .manual = WaitManual,
          .run = Run};
}

}  // namespace bsub::cli
