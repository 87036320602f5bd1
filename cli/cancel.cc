#include "cli/cancel.h"

#include "cli/control.h"

namespace bsub::cli {
namespace {

Manual CancelManual() {
  return {.name = "cancel",
          .summary = "end jobs",
          .synopsis = {"[--reason TEXT] JOB ...", "[--reason TEXT] FILTER ..."},
          .paragraphs = {"Jobs that wait end at once. Jobs that run get the signal TERM, and KILL when their "
                         "grace time is over; they are FAILED only when they are known to have stopped. JOB "
                         "is 12, or 12[17] for one child of an array."},
          .options = ControlOptions(),
          .examples = {{"cancel 12 13", "Two jobs."},
                       {"cancel --queue low --state pend", "All of yours that wait in a queue."}},
          .complete_words = "job"};
}

int Run(Context& context, const Arguments& arguments) {
  constexpr ControlWords kWords{.command = "cancel", .done = "is being cancelled", .action = api::CANCEL};
  return RunControl(context, arguments, kWords, arguments.words());
}

}  // namespace

Command CancelCommand() {
  return {.name = "cancel", .heading = "Jobs", .summary = "end jobs", .manual = CancelManual, .run = Run};
}

}  // namespace bsub::cli
