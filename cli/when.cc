#include "cli/when.h"

#include <algorithm>
#include <ostream>

#include "cli/connect.h"
#include "cli/facts.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/outlook.h"
#include "cli/targets.h"

namespace bsub::cli {
namespace {

constexpr std::size_t kWidestText = 100;

Manual WhenManual() {
  return {.name = "when",
          .summary = "forecast when a job starts and ends",
          .synopsis = {"[--json] JOB"},
          .paragraphs =
              {"Plays the cluster forward from now, first with what is certain: what runs ends at its "
               "time limit (submit --time), what waits starts in the order it is served, and nothing "
               "new comes. That is the time at the latest; there is none for a job that waits for "
               "tasks without a limit.",
               "Then many times with what is likely: each task takes as much of its limit as some task "
               "of the same user took before. By the first of the two times it gives the job has started "
               "in half of these plays, by the second in nine of ten. Jobs that are submitted later and "
               "served before it are not foreseen. docs/policies.md says how often that was right on "
               "recorded work.",
               "Position counts the tasks of its queue that are served before it, and itself. A job is "
               "reserved for once nodes are kept for it.",
               "A job that may not start at all, because it is held, waits for another job or its "
               "queue is closed, has no forecast; bsub-lite why says what to do. For an array as "
               "a whole the first child that waits is looked at."},
          .options = {{.name = "json", .text = "Print one JSON object; docs/cli.md lists its fields."}},
          .examples = {{"when 12", "For people."},
                       {"when '2[17]' --json | jq -r .startsAt", "For scripts: null if it cannot be said."},
                       {"when 12 --json | jq -r .outlook.startsP90At",
                        "When it will very probably have started."}},
          .min_words = 1,
          .max_words = 1,
          .complete_words = "job"};
}

int Run(Context& context, const Arguments& arguments) {
  const auto targets = ParseTargets(arguments.words());
  if (!targets) return Fail(context, "when", targets.error());
  auto client = Connect(context);
  if (!client) return Fail(context, "when", client.error());
  api::WhenRequest request;
  request.set_target(targets->front());
  api::WhenReply reply;
  const Status status = client->Call(&api::Scheduler::Stub::When, request, &reply);
  if (!status) return Fail(context, "when", status.error());
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(reply)) << std::flush;
    return kExitOk;
  }
  const int columns = context.terminal.columns;
  const std::size_t width = columns > 0 ? static_cast<std::size_t>(columns) : kWidestText;
  const bool begun = reply.state() == "STARTING" || reply.state() == "RUNNING";
  Facts facts;
  const std::string_view label = begun ? "Started" : reply.has_outlook() ? "At the latest" : "Starts";
  facts.Add(label, reply.starts_at_us() == 0 ? "" : LocalTime(reply.starts_at_us()));
  AddOutlook(reply.outlook(), facts);
  facts.Add("Ends", reply.ends_at_us() == 0 ? "" : LocalTime(reply.ends_at_us()));
  context.out << Fold("Job " + reply.display_id() + " is " + reply.state() + ": " +
                          WithLocalTimes(reply.text()) + ".",
                      0, width)
              << facts.Render();
  if (!reply.next_step().empty()) context.out << Fold("Next: " + WithLocalTimes(reply.next_step()), 2, width);
  context.out.flush();
  return kExitOk;
}

}  // namespace

Command WhenCommand() {
  return {.name = "when",
          .heading = "Jobs",
          .summary = "forecast when a job starts and ends",
          .manual = WhenManual,
          .run = Run};
}

}  // namespace bsub::cli
