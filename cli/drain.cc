#include "cli/drain.h"

#include "cli/set_node.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

Manual DrainManual() {
  return {.name = "drain",
          .summary = "let a node run empty",
          .synopsis = {"[--deadline TIME] [--reason TEXT] NODE ..."},
          .paragraphs =
              {"The node takes no new work; what runs there goes on to its end. It stays so until resume, "
               "also when the node or the scheduler restarts. Only an administrator may do this.",
               "With --deadline it is empty by then: programs that save are told at once, and go on "
               "elsewhere from "
               "what they have saved; others are stopped shortly before, and start again elsewhere. Neither "
               "counts "
               "as an attempt."},
          .options = {{.name = "deadline",
                       .value = "TIME",
                       .text = "When the node must be empty, from now on.",
                       .fallback = "never; jobs run to their ends"},
                      {.name = "reason", .value = "TEXT", .text = "Shown by bsub-lite nodes and why."},
                      {.name = "json", .text = "Print the result for each node as JSON."}},
          .examples = {{"drain n1 --reason 'new disk'", "One node."},
                       {"drain n1 --deadline 120s", "Jobs that save go on elsewhere."}},
          .min_words = 1,
          .complete_words = "node"};
}

int Run(Context& context, const Arguments& arguments) {
  NodeChange change{"drain", arguments.Get("reason", ""), "is drained"};
  if (const auto text = arguments.Get("deadline")) {
    const auto deadline = ParseDuration(*text);
    if (!deadline) return Fail(context, "drain", InvalidArgument("--deadline: " + deadline.error().message));
    change.deadline = *deadline;
    change.done = "is drained, and empty in " + FormatDuration(*deadline);
  }
  change.json = arguments.Has("json");
  return SetNodes(context, "drain", arguments.words(), change);
}

}  // namespace

Command DrainCommand() {
  return {.name = "drain",
          .heading = "Cluster",
          .summary = "let a node run empty",
          .manual = DrainManual,
          .run = Run};
}

}  // namespace bsub::cli
