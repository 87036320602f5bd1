#include "cli/events.h"

#include <ostream>
#include <thread>

#include "cli/connect.h"
#include "cli/json.h"
#include "cli/message_limit.h"
#include "cli/moments.h"
#include "cli/stream.h"
#include "cli/targets.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::uint32_t kNewestShown = 100;
constexpr std::chrono::milliseconds kPauseBeforeReopen{200};

Manual EventsManual() {
  return {.name = "events",
          .summary = "show what happened",
          .synopsis = {"[--follow] [--limit N] [--after N] [--json] [JOB ...]"},
          .paragraphs = {"Prints the entries of the scheduler's journal, oldest first: of the named jobs, or "
                         "the newest ones of the whole cluster. With --follow it goes on, also when the "
                         "scheduler restarts, and shows each event once.",
                         "With --json each event is one line with one object; its sequence number can be "
                         "given to --after."},
          .options = {{.name = "follow", .letter = 'f', .text = "Go on and print what happens."},
                      {.name = "limit",
                       .letter = 'n',
                       .value = "N",
                       .text = "At most the newest N of the past; 0 for all.",
                       .fallback = "100; with JOB all"},
                      {.name = "after",
                       .value = "N",
                       .text = "Only events with a sequence number above N.",
                       .fallback = "0"},
                      {.name = "json", .text = "One JSON object per line."}},
          .examples = {{"events --follow", "Watch the cluster."}, {"events 12", "The life of a job."}},
          .complete_words = "job"};
}

Result<api::EventsRequest> BuildRequest(const Arguments& arguments) {
  api::EventsRequest request;
  BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> targets, ParseTargets(arguments.words()));
  for (const std::string& target : targets) request.add_targets(target);
  request.set_follow(arguments.Has("follow"));
  if (targets.empty() && !arguments.Has("after")) request.set_limit(kNewestShown);
  if (const auto text = arguments.Get("limit")) {
    const auto limit = ParseInteger(*text, 0, 1'000'000'000);
    if (!limit) return InvalidArgument("--limit: " + limit.error().message);
    request.set_limit(static_cast<std::uint32_t>(*limit));
  }
  if (const auto text = arguments.Get("after")) {
    const auto after = ParseInteger(*text, 0, INT64_MAX);
    if (!after) return InvalidArgument("--after: " + after.error().message);
    request.set_after_sequence(static_cast<std::uint64_t>(*after));
  }
  return request;
}

void Print(Context& context, const api::Event& event, bool json) {
  if (json) {
    context.out << Compact(ToJson(event)) << "\n";
    return;
  }
  std::string line = LocalTime(event.at_us()) + "  " + event.kind();
  if (!event.job().empty()) line += "  job " + event.job();
  if (!event.node().empty()) line += "  node " + event.node();
  if (!event.text().empty()) line += "  " + event.text();
  context.out << line << "\n";
}

// One stream until it ends; `request` then asks for what comes after the last event printed.
grpc::Status CopyOnce(Context& context, Client& client, api::EventsRequest& request, bool json,
                      bool* contact) {
  Stream<api::Event> stream(client.NewContext(),
                            [&](grpc::ClientContext* call, grpc::CompletionQueue* queue) {
                              return client.stub().PrepareAsyncEvents(call, request, queue);
                            });
  api::Event event;
  while (true) {
    switch (stream.Read(&event, client.address().patience)) {
      case Next::kMessage:
        *contact = true;
        Print(context, event, json);
        request.set_after_sequence(event.sequence());
        if (request.follow()) context.out.flush();
        break;
      case Next::kQuiet:
        if (request.follow() && client.Connected()) break;
        return {grpc::StatusCode::DEADLINE_EXCEEDED, ""};
      case Next::kEnd:
        return stream.status();
    }
  }
}

int Copy(Context& context, Client& client, api::EventsRequest request, bool json) {
  while (true) {
    bool contact = false;
    const grpc::Status status = CopyOnce(context, client, request, json, &contact);
    context.out.flush();
    // Too slow a reader is told to come back; a restarted scheduler is asked for the rest.
    const bool again =
        request.follow() && (status.error_code() == grpc::StatusCode::UNAVAILABLE || IsBusy(status));
    if (!again) return status.ok() ? kExitOk : Fail(context, "events", client.ErrorFrom(status));
    if (contact) request.set_limit(0);
    std::this_thread::sleep_for(kPauseBeforeReopen);
  }
}

int Run(Context& context, const Arguments& arguments) {
  auto request = BuildRequest(arguments);
  if (!request) return Fail(context, "events", request.error());
  auto client = Connect(context);
  if (!client) return Fail(context, "events", client.error());
  return Copy(context, *client, std::move(*request), arguments.Has("json"));
}

}  // namespace

Command EventsCommand() {
  return {.name = "events",
          .heading = "Jobs",
          .summary = "show what happened",
          .manual = EventsManual,
          .run = Run};
}

}  // namespace bsub::cli
