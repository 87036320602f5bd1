#include "cli/hold.h"

#include "cli/control.h"

namespace bsub::cli {
namespace {

Manual HoldManual() {
  return {.name = "hold",
          .summary = "keep jobs from starting",
          .synopsis = {"[--reason TEXT] JOB ...", "[--reason TEXT] FILTER ..."},
          .paragraphs = {"A held job keeps its place and its state but does not start until it is released. "
                         "A job that runs goes on; it is held if it is to be repeated."},
          .options = ControlOptions(),
          .examples = {{"hold 12 --reason 'input is being checked'", "One job."}},
          .complete_words = "job"};
}

int Run(Context& context, const Arguments& arguments) {
  constexpr ControlWords kWords{.command = "hold", .done = "is held", .action = api::HOLD};
  return RunControl(context, arguments, kWords, arguments.words());
}

}  // namespace

Command HoldCommand() {
  return {.name = "hold",
          .heading = "Jobs",
          .summary = "keep jobs from starting",
          .manual = HoldManual,
          .run = Run};
}

}  // namespace bsub::cli
