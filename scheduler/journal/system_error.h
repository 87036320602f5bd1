// What the operating system refused, as an error that a person can act on.
#pragma once

#include <string>

#include "common/result.h"

namespace bsub::journal {

// "No space left on device; free some space there": what `error_number` (errno) means and what to do.
std::string ExplainErrno(int error_number);

// "cannot WHAT PATH: " and that. Call it before anything else can change errno.
Error SystemError(const char* what, const std::string& path);

}  // namespace bsub::journal
