#include "cli/why.h"

#include <algorithm>
#include <ostream>

#include "cli/connect.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/targets.h"

namespace bsub::cli {
namespace {

constexpr std::size_t kWidestText = 100;
constexpr int kEvidenceLines = 10;  // without --verbose

Manual WhyManual() {
  return {.name = "why",
          .summary = "say why a job does not run",
          .synopsis = {"[--verbose] [--json] JOB"},
          .paragraphs = {"Gives every reason, what it is based on, and what could be done. For an array as a "
                         "whole its first waiting child is explained."},
          .options = {{.name = "verbose",
                       .letter = 'v',
                       .text = "All evidence, not only the first ten lines per reason."},
                      {.name = "json", .text = "Print one JSON object."}},
          .examples = {{"why 3", "One job."}},
          .min_words = 1,
          .max_words = 1,
          .complete_words = "job"};
}

std::string Headline(const api::WhyReply& reply) {
  std::string text = "Job " + reply.display_id() + " is " + reply.state() + (reply.held() ? " and held" : "");
  if (reply.waiting_children() > 1)
    text += "; " + std::to_string(reply.waiting_children()) + " children wait in all";
  return text + (reply.reasons().empty() ? ".\n" : ":\n");
}

std::string Describe(const api::Reason& reason, std::size_t width, bool verbose) {
  std::string text = "\n" + Fold("- " + WithLocalTimes(reason.text()), 2, width);
  const int shown = verbose ? reason.evidence_size() : std::min(reason.evidence_size(), kEvidenceLines);
  for (int i = 0; i < shown; ++i) text += "      " + WithLocalTimes(reason.evidence(i)) + "\n";
  if (shown < reason.evidence_size()) {
    text += "      … and " + std::to_string(reason.evidence_size() - shown) + " more (--verbose)\n";
  }
  if (!reason.next_step().empty()) text += Fold("Next: " + WithLocalTimes(reason.next_step()), 4, width);
  return text;
}

int Run(Context& context, const Arguments& arguments) {
  const auto targets = ParseTargets(arguments.words());
  if (!targets) return Fail(context, "why", targets.error());
  auto client = Connect(context);
  if (!client) return Fail(context, "why", client.error());
  api::WhyRequest request;
  request.set_target(targets->front());
  api::WhyReply reply;
  const Status status = client->Call(&api::Scheduler::Stub::Why, request, &reply);
  if (!status) return Fail(context, "why", status.error());
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(reply)) << std::flush;
    return kExitOk;
  }
  const int columns = context.terminal.columns;
  const std::size_t width = columns > 0 ? static_cast<std::size_t>(columns) : kWidestText;
  context.out << Headline(reply);
  for (const api::Reason& reason : reply.reasons())
    context.out << Describe(reason, width, arguments.Has("verbose"));
  context.out.flush();
  return kExitOk;
}

}  // namespace

Command WhyCommand() {
  return {.name = "why",
          .heading = "Jobs",
          .summary = "say why a job does not run",
          .manual = WhyManual,
          .run = Run};
}

}  // namespace bsub::cli
