#include "cli/version.h"

#include <ostream>

namespace bsub::cli {
namespace {

Manual VersionManual() {
  return {.name = "version",
          .summary = "print the version",
          .synopsis = {},
          .paragraphs = {"Prints the version of this program. bsub-lite status shows that of the scheduler."},
          .options = {},
          .examples = {},
          .max_words = 0,
          .asks_scheduler = false};
}

int Run(Context& context, const Arguments&) {
  context.out << "bsub-lite " << BSUB_VERSION << std::endl;
  return kExitOk;
}

}  // namespace

Command VersionCommand() {
  return {.name = "version",
          .heading = "Help",
          .summary = "print the version",
          .manual = VersionManual,
          .run = Run};
}

}  // namespace bsub::cli
