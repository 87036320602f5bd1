#include "cli/requeue.h"

#include "cli/control.h"

namespace bsub::cli {
namespace {

Manual RequeueManual() {
  return {
      .name = "requeue",
      .summary = "run jobs again",
      .synopsis = {"[--reason TEXT] JOB ...", "[--reason TEXT] FILTER ..."},
      .paragraphs = {"A job that is over goes back to its queue under the same id. A job that runs is "
                     "stopped first. Without a name, only jobs that are over are chosen. Of an array as "
                     "a whole what failed runs again; name 12[17] to run one child again however it ended."},
      .options = ControlOptions(),
      .examples = {{"requeue '12[17]'", "One child of an array."},
                   {"requeue --state failed --since 1h", "What failed in the last hour."}},
      .complete_words = "job"};
}

int Run(Context& context, const Arguments& arguments) {
  constexpr ControlWords kWords{.command = "requeue", .done = "is requeued", .action = api::REQUEUE};
  return RunControl(context, arguments, kWords, arguments.words());
}

}  // namespace

Command RequeueCommand() {
  return {
      .name = "requeue", .heading = "Jobs", .summary = "run jobs again", .manual = RequeueManual, .run = Run};
}

}  // namespace bsub::cli
