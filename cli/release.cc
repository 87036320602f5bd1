#include "cli/release.h"

#include "cli/control.h"

namespace bsub::cli {
namespace {

Manual ReleaseManual() {
  return {.name = "release",
          .summary = "let held jobs start",
          .synopsis = {"[--reason TEXT] JOB ...", "[--reason TEXT] FILTER ..."},
          .paragraphs = {"Undoes hold, and submit --hold."},
          .options = ControlOptions(),
          .examples = {{"release 12", "One job."}, {"release --held", "All of yours."}},
          .complete_words = "job"};
}

int Run(Context& context, const Arguments& arguments) {
  constexpr ControlWords kWords{.command = "release", .done = "is released", .action = api::RELEASE};
  return RunControl(context, arguments, kWords, arguments.words());
}

}  // namespace

Command ReleaseCommand() {
  return {.name = "release",
          .heading = "Jobs",
          .summary = "let held jobs start",
          .manual = ReleaseManual,
          .run = Run};
}

}  // namespace bsub::cli
