// `submit --test-only`: what would become of the job, for people and for programs.
#pragma once

#include "api/bsub/v1/scheduler.pb.h"
#include "cli/context.h"
#include "cli/options.h"

namespace bsub::cli {

// Returns the exit code: 0, or 1 if the job could never run.
int PrintTrial(Context& context, const Arguments& arguments, const bsub::v1::TrySubmitReply& reply);

}  // namespace bsub::cli
