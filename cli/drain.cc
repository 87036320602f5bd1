#include "cli/drain.h"

#include "cli/set_node.h"

namespace bsub::cli {
namespace {

Manual DrainManual() {
  return {.name = "drain",
          .summary = "let a node run empty",
          .synopsis = {"[--reason TEXT] NODE ..."},
          .paragraphs =
              {"The node takes no new work; what runs there goes on to its end. It stays so until resume, "
               "also when the node or the scheduler restarts. Only an administrator may do this."},
          .options = {{.name = "reason", .value = "TEXT", .text = "Shown by bsub-lite nodes and why."}},
          .examples = {{"drain n1 --reason 'new disk'", "One node."}},
          .min_words = 1,
          .complete_words = "node"};
}

int Run(Context& context, const Arguments& arguments) {
  return SetNodes(context, "drain", arguments.words(), "drain", arguments.Get("reason", ""), "is drained");
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
