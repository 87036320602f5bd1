// One `up` or `down` at a time in a home; the others wait.
#pragma once

#include "cli/context.h"
#include "cli/supervisor/files.h"
#include "cli/supervisor/home_layout.h"
#include "common/result.h"
#include "common/time.h"

namespace bsub::cli {

Result<LockFile> TakeUpLock(const HomeLayout& layout, Context& context, Duration patience);

}  // namespace bsub::cli
