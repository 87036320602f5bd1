// From the options of `submit` to the request.
#pragma once

#include "cli/client.h"
#include "cli/context.h"
#include "cli/options.h"
#include "cli/submit_source.h"
#include "common/result.h"
#include "common/time.h"

namespace bsub::cli {

Manual SubmitManual();

// Everything but the token. Values are checked here as far as they can be without the cluster; messages name
// the option.
Result<api::SubmitRequest> BuildSubmitRequest(const Context& context, const Arguments& arguments,
                                              const JobSource& source, TimePoint now);

}  // namespace bsub::cli
