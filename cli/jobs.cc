#include "cli/jobs.h"

#include <algorithm>
#include <functional>
#include <ostream>

#include "cli/connect.h"
#include "cli/job_fields.h"
#include "cli/job_filter.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/stream.h"
#include "cli/table.h"
#include "cli/targets.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kDefaultFormat = "id,name,state,queue,node,runtime,tasks,reason";
constexpr std::string_view kEverybodyFormat = "id,name,state,queue,owner,node,runtime,tasks,reason";

Manual JobsManual() {
  Manual manual{
      .name = "jobs",
      .summary = "list jobs",
      .synopsis = {"[OPTION ...] [JOB ...]"},
      .paragraphs =
          {"Lists your jobs that are not over yet, oldest first, or the given ones. An array is "
           "one line; --children lists its children.",
           "REASON says in short why a job waits, or how it ended; bsub-lite why JOB says all of it, "
           "with what to do.",
           "For programs: --json prints an array of objects with every field (docs/cli.md), and "
           "--format with --no-header prints just the columns named."},
      .options = FilterOptions("WHICH JOBS"),
      .examples = {{"jobs -a --since 1d", "Everything of yours since yesterday, finished jobs too."},
                   {"jobs -u all --state running", "What runs now."},
                   {"jobs --json | jq -r '.[] | select(.held) | .id'", "For scripts."},
                   {"jobs --format id,state,exit,command -a", "Chosen columns."}},
      .complete_words = "job"};
  constexpr std::string_view kShow = "WHAT IS SHOWN";
  const std::vector<Option> show = {
      {.name = "all", .letter = 'a', .text = "Finished jobs too.", .group = "WHICH JOBS"},
      {.name = "children", .text = "List the children of arrays one by one.", .group = "WHICH JOBS"},
      {.name = "limit",
       .value = "N",
       .text = "At most N jobs.",
       .fallback = "no limit",
       .group = "WHICH JOBS"},
      {.name = "newest", .text = "Newest first.", .group = kShow},
      {.name = "format",
       .value = "COLUMN,...",
       .text = "Columns to show; help lists them.",
       .fallback = kDefaultFormat,
       .group = kShow},
      {.name = "no-header", .text = "Leave out the headings.", .group = kShow},
      {.name = "json", .text = "Print a JSON array.", .group = kShow}};
  manual.options.insert(manual.options.end(), show.begin(), show.end());
  return manual;
}

bool AsksForFinished(const api::JobFilter& filter) {
  return std::ranges::any_of(filter.states(), [](const std::string& state) {
    return state == "finished" || state == "SUCCEEDED" || state == "FAILED";
  });
}

bool ShowsCommands(const Arguments& arguments, const std::vector<JobField>& fields) {
  return arguments.Has("json") || std::ranges::find(fields, "command", &JobField::name) != fields.end();
}

Result<api::ListJobsRequest> BuildRequest(const Arguments& arguments, const Address& address) {
  api::ListJobsRequest request;
  BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> targets, ParseTargets(arguments.words()));
  for (const std::string& target : targets) request.add_targets(target);
  const std::string owner = targets.empty() ? OwnUser(address) : "";
  BSUB_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseFilter(arguments, owner, TimePoint(NowMicros())));
  request.set_include_finished(arguments.Has("all") || !targets.empty() || AsksForFinished(request.filter()));
  request.set_newest_first(arguments.Has("newest"));
  request.set_children(arguments.Has("children"));
  if (const auto limit = arguments.Get("limit")) {
    const auto number = ParseInteger(*limit, 0, 1'000'000'000);
    if (!number) return InvalidArgument("--limit: " + number.error().message);
    request.set_limit(static_cast<std::uint32_t>(*number));
  }
  return request;
}

Status ForEachJob(Client& client, const api::ListJobsRequest& request,
                  const std::function<void(const api::Job&)>& visit) {
  Stream<api::Job> stream(client.NewContext(),
                          [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
                            return client.stub().PrepareAsyncListJobs(context, request, queue);
                          });
  api::Job job;
  while (true) {
    switch (stream.Read(&job, client.address().patience)) {
      case Next::kMessage:
        visit(job);
        break;
      case Next::kQuiet:
        return client.ErrorFrom(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, ""));
      case Next::kEnd:
        if (!stream.status().ok()) return client.ErrorFrom(stream.status());
        return OkStatus();
    }
  }
}

int PrintFields(Context& context) {
  Table table({{"COLUMN"}, {"SHOWS"}});
  for (const JobField& field : JobFields()) table.Add({std::string(field.name), std::string(field.text)});
  context.out << table.Render(context.terminal.columns) << std::flush;
  return kExitOk;
}

// Objects are written as they come: a million jobs are never held in memory as JSON. The opening bracket
// waits for the first answer, so that nothing is printed when there is none.
int PrintJson(Context& context, Client& client, const api::ListJobsRequest& request) {
  std::size_t count = 0;
  const Status status = ForEachJob(client, request, [&](const api::Job& job) {
    context.out << (count++ == 0 ? "[\n" : ",\n") << Compact(ToJson(job));
  });
  if (!status) return Fail(context, "jobs", status.error());
  context.out << (count == 0 ? "[]\n" : "\n]\n") << std::flush;
  return kExitOk;
}

int PrintTable(Context& context, Client& client, const api::ListJobsRequest& request,
               const std::vector<JobField>& fields, bool header) {
  std::vector<Column> columns;
  for (const JobField& field : fields) columns.push_back({std::string(field.title), field.right});
  Table table(std::move(columns));
  const std::int64_t now = NowMicros();
  const Status status = ForEachJob(client, request, [&](const api::Job& job) {
    std::vector<std::string> cells;
    for (const JobField& field : fields) cells.push_back(field.value(job, now));
    table.Add(std::move(cells));
  });
  if (!status) return Fail(context, "jobs", status.error());
  if (table.empty()) {
    context.err << (request.include_finished() ? "No job found."
                                               : "No unfinished job found; --all shows finished ones too.")
                << std::endl;
    return kExitOk;
  }
  context.out << table.Render(context.terminal.columns, header) << std::flush;
  return kExitOk;
}

int Run(Context& context, const Arguments& arguments) {
  const std::string format =
      arguments.Get("format", arguments.Has("user") ? kEverybodyFormat : kDefaultFormat);
  if (format == "help") return PrintFields(context);
  const auto fields = ParseFormat(format);
  if (!fields) return Fail(context, "jobs", fields.error());
  auto client = Connect(context);
  if (!client) return Fail(context, "jobs", client.error());
  auto request = BuildRequest(arguments, client->address());
  if (!request) return Fail(context, "jobs", request.error());
  if (const Status texts = CheckTexts(*request); !texts) return Fail(context, "jobs", texts.error());
  request->set_commands(ShowsCommands(arguments, *fields));
  if (arguments.Has("json")) return PrintJson(context, *client, *request);
  return PrintTable(context, *client, *request, *fields, !arguments.Has("no-header"));
}

}  // namespace

Command JobsCommand() {
  return {.name = "jobs", .heading = "Jobs", .summary = "list jobs", .manual = JobsManual, .run = Run};
}

}  // namespace bsub::cli
