#include "cli/priority.h"

#include "cli/client.h"
#include "cli/control.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

Manual PriorityManual() {
  return {.name = "priority",
          .summary = "change the order of waiting jobs",
          .synopsis = {"N JOB ...", "N FILTER ..."},
          .paragraphs = {"Sets the priority within the queue; higher runs first. Owners may lower it; "
                         "raising it takes an administrator."},
          .options = ControlOptions(),
          .examples = {{"priority -10 12", "Let others go first."},
                       {"priority 50 --name 'urgent-*'", "By name."}},
          .min_words = 1,
          .complete_words = "job"};
}

int Run(Context& context, const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words();
  const auto priority = ParseInteger(words.front(), -1'000'000, 1'000'000);
  if (!priority)
    return Fail(context, "priority",
                InvalidArgument("the first word is the priority: " + priority.error().message));
  const std::string done = "has priority " + words.front();
  const ControlWords control{.command = "priority", .done = done, .action = api::SET_PRIORITY};
  return RunControl(context, arguments, control, {words.begin() + 1, words.end()},
                    static_cast<std::int32_t>(*priority));
}

}  // namespace

Command PriorityCommand() {
  return {.name = "priority",
          .heading = "Jobs",
          .summary = "change the order of waiting jobs",
          .manual = PriorityManual,
          .run = Run};
}

}  // namespace bsub::cli
