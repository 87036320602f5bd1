#include "cli/resume.h"

#include "cli/set_node.h"

namespace bsub::cli {
namespace {

Manual ResumeManual() {
  return {.name = "resume",
          .summary = "let a drained node work again",
          .synopsis = {"NODE ..."},
          .paragraphs = {"Undoes drain. Only an administrator may do this."},
          .options = {{.name = "json", .text = "Print the result for each node as JSON."}},
          .examples = {{"resume n1", "One node."}},
          .min_words = 1,
          .complete_words = "node"};
}

int Run(Context& context, const Arguments& arguments) {
  return SetNodes(context, "resume", arguments.words(),
                  {"resume", "", "takes work again", {}, arguments.Has("json")});
}

}  // namespace

Command ResumeCommand() {
  return {.name = "resume",
          .heading = "Cluster",
          .summary = "let a drained node work again",
          .manual = ResumeManual,
          .run = Run};
}

}  // namespace bsub::cli
