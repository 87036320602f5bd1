#include "cli/job.h"

#include <algorithm>
#include <ostream>

#include "cli/connect.h"
#include "cli/facts.h"
#include "cli/json.h"
#include "cli/kernel_job.h"
#include "cli/moments.h"
#include "cli/table.h"
#include "cli/targets.h"
#include "common/utf8.h"
#include "jobs/gang.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

Manual JobManual() {
  return {.name = "job",
          .summary = "show everything about one job",
          .synopsis = {"[--json] JOB"},
          .paragraphs = {"Shows what was asked for, the state and every attempt with its nodes, times, exit "
                         "and usage. JOB is 12, or '12[17]' for one child of an array."},
          .options = {{.name = "json", .text = "Print one JSON object; docs/cli.md lists its fields."}},
          .examples = {{"job 12", "For people."}, {"job '2[17]' --json | jq .state", "For scripts."}},
          .min_words = 1,
          .max_words = 1,
          .complete_words = "job"};
}

std::string Join(const auto& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string Asked(const api::Resources& resources) {
  std::string text = FormatCpus(resources.cpu_milli()) + " CPU";
  if (resources.mem_bytes() > 0) text += ", " + FormatBytes(resources.mem_bytes());
  if (resources.gpus() > 0) text += ", " + std::to_string(resources.gpus()) + " GPU";
  return text;
}

std::string GangText(const api::Gang& gang) {
  GangSpec spec;
  spec.nodes = gang.nodes();
  spec.min_nodes = gang.min_nodes();
  spec.ranks_per_node = gang.ranks_per_node();
  spec.threads_per_rank = gang.threads_per_rank();
  spec.exclusive = gang.exclusive();
  spec.end = ParseGangEnd(gang.end()).value_or(GangEnd::kAny);
  spec.launch = ParseGangLaunch(gang.launch()).value_or(GangLaunch::kEveryNode);
  spec.placement = ParsePlacement(gang.placement()).value_or(PlacementSpec{});
  spec.placement.group = gang.placement_group();
  spec.placement.features.assign(gang.features().begin(), gang.features().end());
  spec.placement.preferred_features.assign(gang.preferred_features().begin(),
                                           gang.preferred_features().end());
  return Describe(spec);
}

std::string Summary(const api::ArrayProperties& array) {
  std::string text = Count(array.size(), "child", "children");
  for (const char* state :
       {"SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"}) {
    const auto it = array.status_summary().find(state);
    if (it != array.status_summary().end() && it->second > 0)
      text += ", " + std::to_string(it->second) + " " + state;
  }
  return text;
}

std::string RetryText(const api::Job& job) {
  if (!job.has_retry() || job.retry().attempts() <= 1) return "";
  return std::to_string(job.retry().attempts()) + " attempts in all";
}

void AddWhatRuns(const api::Job& job, Facts& facts) {
  if (const auto kernel = KernelJobOf(job)) {
    facts.Add("Command", Describe(*kernel));
    facts.Add("Calls", "how many are done, and which failed: " + HowToSeeCalls(*kernel, job));
    return;
  }
  const std::string script = job.script_name().empty() ? "" : " (script " + job.script_name() + ")";
  facts.Add("Command", Join(job.command()) + script);
}

void AddRequest(const api::Job& job, Facts& facts) {
  AddWhatRuns(job, facts);
  facts.Add("Directory", job.working_directory());
  facts.Add("Asks for", Asked(job.resources()));
  if (job.has_gang()) facts.Add("Nodes", GangText(job.gang()));
  facts.Add("Time limit", job.walltime_us() == 0 ? "" : Elapsed(job.walltime_us()));
  facts.Add("Depends on", job.dependency());
  facts.Add("Retry", RetryText(job));
  facts.Add("Definition", job.definition());
  facts.Add("Project", job.project());
  facts.Add("Share", job.share_identifier());
  facts.Add("Reservation", job.reservation());
  facts.Add("Output", job.stdout_path());
  facts.Add("Errors", job.stderr_path());
  std::vector<std::string> tags;
  for (const auto& [name, value] : job.tags()) tags.push_back(name + "=" + value);
  std::ranges::sort(tags);
  facts.Add("Tags", Join(tags));
}

void AddCheckpoint(const api::Checkpoint& checkpoint, Facts& facts) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (!checkpoint.directory().empty()) add("in " + ToUtf8(checkpoint.directory()));
  if (checkpoint.interval_us() > 0) add("every " + FormatDuration(Duration(checkpoint.interval_us())));
  if (!checkpoint.signal().empty()) add("told by " + checkpoint.signal() + " when its node is taken away");
  if (checkpoint.exit_code() != 0) add("then ends with exit code " + std::to_string(checkpoint.exit_code()));
  facts.Add("Saves", text);
}

void AddLastSave(const api::LastSave& save, Facts& facts) {
  const std::string generation = "generation " + std::to_string(save.generation());
  facts.Add("Last save", save.saved_at_us() == 0 ? generation + ", of an attempt before"
                                                 : generation + " at " + LocalTime(save.saved_at_us()));
}

void AddProgress(const api::Job& job, Facts& facts) {
  facts.Add("State", job.held() ? job.state() + ", held" : job.state());
  facts.Add("Reason", job.reason());
  facts.Add("Queue", job.queue() + ", priority " + std::to_string(job.priority()));
  facts.Add("Owner", job.owner() + (job.submit_host().empty() ? "" : " from " + job.submit_host()));
  if (job.has_array()) facts.Add("Array", job.array().spec() + ": " + Summary(job.array()));
  facts.Add("Node", job.node());
  facts.Add("Submitted", LocalTime(job.submitted_at_us()));
  if (job.begin_at_us() != 0) facts.Add("Not before", LocalTime(job.begin_at_us()));
  if (job.started_at_us() != 0) facts.Add("Started", LocalTime(job.started_at_us()));
  if (job.finished_at_us() != 0) facts.Add("Finished", LocalTime(job.finished_at_us()));
  if (job.has_exit()) facts.Add("Ended", job.exit().text());
  if (job.interruption_count() > 0) facts.Add("Interruptions", std::to_string(job.interruption_count()));
  AddCheckpoint(job.checkpoint(), facts);
  if (job.has_last_save()) AddLastSave(job.last_save(), facts);
}

std::string LostWork(const api::Interruption& one) {
  if (one.has_lost_work_us()) return Elapsed(one.lost_work_us());
  return one.outcome() == "not saved" ? "unknown" : "-";
}

std::string Interruptions(const api::Job& job, int columns) {
  if (job.interruptions().empty()) return "";
  Table table({{"INTERRUPTED", true},
               {"NODE"},
               {"NOTICE"},
               {"SAVED"},
               {"REQUEUED"},
               {"RESUMED"},
               {"ON"},
               {"LOST", true}});
  for (const api::Interruption& one : job.interruptions()) {
    table.Add({std::to_string(one.attempt()), one.node(), LocalTimeMs(one.notice_at_us()),
               LocalTimeMs(one.saved_at_us()), LocalTimeMs(one.requeued_at_us()),
               LocalTimeMs(one.resumed_at_us()), one.resumed_on(), LostWork(one)});
  }
  return "\n" + table.Render(columns);
}

std::string Attempts(const api::Job& job, int columns) {
  if (job.attempts().empty()) return "";
  Table table({{"ATTEMPT", true},
               {"NODES"},
               {"STARTED"},
               {"RAN", true},
               {"CPU", true},
               {"PEAK MEMORY", true},
               {"ENDED"}});
  for (const api::Attempt& attempt : job.attempts()) {
    const std::int64_t end = attempt.ended_at_us() != 0 ? attempt.ended_at_us() : NowMicros();
    const std::int64_t ran =
        attempt.started_at_us() == 0 ? 0 : std::max<std::int64_t>(end - attempt.started_at_us(), 1);
    std::string ended = attempt.has_exit() ? attempt.exit().text() : attempt.phase();
    if (!attempt.why().empty()) ended += "; " + attempt.why();
    table.Add({std::to_string(attempt.number()), Join(attempt.nodes()), LocalTime(attempt.started_at_us()),
               Elapsed(ran), Elapsed(attempt.usage().user_us() + attempt.usage().system_us()),
               attempt.usage().max_rss_bytes() == 0 ? "-" : FormatBytes(attempt.usage().max_rss_bytes()),
               ended});
  }
  return "\n" + table.Render(columns);
}

// Of an attempt that runs on several nodes.
std::string Parts(const api::Job& job, int columns) {
  if (job.attempts().empty() || job.attempts().rbegin()->parts().empty()) return "";
  Table table({{"INDEX", true}, {"NODE"}, {"TAKES"}, {"PHASE"}});
  for (const api::Part& part : job.attempts().rbegin()->parts())
    table.Add({std::to_string(part.index()), part.node(), Asked(part.allocated()), part.phase()});
  const std::string& placement = job.attempts().rbegin()->placement().text();
  return "\n" + (placement.empty() ? "" : placement + "\n") + table.Render(columns);
}

Result<api::Job> Ask(Client& client, const std::string& target) {
  api::GetJobRequest request;
  request.set_target(target);
  api::Job job;
  BSUB_RETURN_IF_ERROR(client.Call(&api::Scheduler::Stub::GetJob, request, &job));
  return job;
}

// Whoever names a call of a kernel as if it were a child of an array learns where to look.
Error WhyNoSuchJob(Client& client, const std::string& target, const Error& error) {
  const std::size_t bracket = target.find('[');
  if (error.code != Code::kInvalidArgument || bracket == std::string::npos) return error;
  const auto whole = Ask(client, target.substr(0, bracket));
  const auto kernel = whole ? KernelJobOf(*whole) : std::nullopt;
  if (!kernel) return error;
  return InvalidArgument("job " + whole->display_id() + " is one job, " + Describe(*kernel) +
                         ": its calls have no ids; see how many are done, and which failed, with `" +
                         HowToSeeCalls(*kernel, *whole) + "`");
}

int Run(Context& context, const Arguments& arguments) {
  const auto targets = ParseTargets(arguments.words());
  if (!targets) return Fail(context, "job", targets.error());
  auto client = Connect(context);
  if (!client) return Fail(context, "job", client.error());
  const auto found = Ask(*client, targets->front());
  if (!found) return Fail(context, "job", WhyNoSuchJob(*client, targets->front(), found.error()));
  const api::Job& job = *found;
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(job)) << std::flush;
    return kExitOk;
  }
  Facts facts;
  AddProgress(job, facts);
  AddRequest(job, facts);
  context.out << "Job " << job.display_id() << " " << job.name() << "\n"
              << facts.Render() << Attempts(job, context.terminal.columns)
              << Interruptions(job, context.terminal.columns) << Parts(job, context.terminal.columns)
              << std::flush;
  return kExitOk;
}

}  // namespace

Command JobCommand() {
  return {.name = "job",
          .heading = "Jobs",
          .summary = "show everything about one job",
          .manual = JobManual,
          .run = Run};
}

}  // namespace bsub::cli
