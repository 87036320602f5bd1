#include "cli/drill.h"

#include <array>
#include <ostream>

#include "cli/set_node.h"
#include "cli/verbs.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

Manual DrillManual() {
  return {
      .name = "drill",
      .summary = "take nodes away, as a provider of interruptible machines does",
      .synopsis = {"notice --node NODE --in TIME [--reason TEXT]"},
      .paragraphs =
          {"For finding out on a running cluster what interruptions do to your jobs, before a provider shows "
           "it. Only an administrator may do this.",
           "notice: the node is to be taken away after TIME. It takes no new work; programs that save "
           "(submit --checkpoint-dir, --checkpoint-signal) are told at once; what has not ended shortly "
           "before is "
           "stopped. Interrupted jobs go to the front of their queues and run again on other nodes; see "
           "bsub-lite job ID. The machine itself stays, and bsub-lite resume NODE gives it back."},
      .options = {{.name = "node",
                   .value = "NAME",
                   .text = "Which node; may be given many times.",
                   .complete = "node"},
                  {.name = "in", .value = "TIME", .text = "How long the node still has.", .fallback = "120s"},
                  {.name = "reason", .value = "TEXT", .text = "Shown by bsub-lite nodes and why."}},
      .examples = {{"drill notice --node n2 --in 30s", "As EC2 would, with less time."}},
      .min_words = 1,
      .complete_words = "notice"};
}

int Notice(Context& context, const Arguments& arguments, const std::vector<std::string>&) {
  const std::vector<std::string> nodes = arguments.All("node");
  if (nodes.empty())
    return Fail(context, "drill", InvalidArgument("--node is missing: which node is taken away?"));
  const auto in = ParseDuration(arguments.Get("in", "120s"));
  if (!in) return Fail(context, "drill", InvalidArgument("--in: " + in.error().message));
  return SetNodes(context, "drill", nodes,
                  {.action = "notice",
                   .reason = arguments.Get("reason", ""),
                   .done = "is taken away in " + FormatDuration(*in),
                   .deadline = *in});
}

constexpr std::array kVerbs = {
    Verb{.name = "notice", .min_names = 0, .max_names = 0, .options = "node|in|reason", .run = Notice}};

int Run(Context& context, const Arguments& arguments) { return RunVerb(context, "drill", kVerbs, arguments); }

}  // namespace

Command DrillCommand() {
  return {.name = "drill",
          .heading = "Cluster",
          .summary = "take nodes away, as a provider of interruptible machines does",
          .manual = DrillManual,
          .run = Run};
}

}  // namespace bsub::cli
