// When a job will probably start, for people.
#pragma once

#include "api/bsub/v1/scheduler.pb.h"
#include "cli/facts.h"

namespace bsub::cli {

void AddOutlook(const bsub::v1::Outlook& outlook, Facts& facts);

}  // namespace bsub::cli
