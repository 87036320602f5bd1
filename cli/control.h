// What cancel, hold, release, requeue and priority share: jobs named or chosen by a filter, one line per job.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/client.h"
#include "cli/commands.h"

namespace bsub::cli {

struct ControlWords {
  std::string_view command;  // "cancel"
  std::string_view done;     // "is being cancelled", behind "Job <12> "
  api::Action action = api::ACTION_UNSPECIFIED;
};

// The options these commands share: the filter, --all, --reason, --quiet, --json.
std::vector<Option> ControlOptions();

// `targets` as written; empty: by the filter in `arguments`, which then must say something. `priority` is for
// SET_PRIORITY alone.
int RunControl(Context& context, const Arguments& arguments, const ControlWords& words,
               const std::vector<std::string>& targets, std::int32_t priority = 0);

}  // namespace bsub::cli
