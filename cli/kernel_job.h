// A job of `submit --kernel`, recognised by its command (submit_kernel.h): one job that calls a function for
// each index of an array.
#pragma once

#include <optional>
#include <string>

#include "api/bsub/v1/scheduler.pb.h"

namespace bsub::cli {

struct KernelJob {
  std::string host;    // the kernel host's path
  std::string kernel;  // LIBRARY:FUNCTION
  std::string array;   // the indexes of its calls
  std::string input;   // empty: none
};
// None if the job's command is another.
std::optional<KernelJob> KernelJobOf(const bsub::v1::Job& job);

// What was submitted: "kernel /lib/libtiles.so:render for 0-999".
std::string Describe(const KernelJob& kernel);
// The command that tells how many of its calls are done and which failed.
std::string HowToSeeCalls(const KernelJob& kernel, const bsub::v1::Job& job);

}  // namespace bsub::cli
