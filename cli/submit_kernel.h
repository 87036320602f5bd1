// `submit --kernel`: an array whose children are calls of a function is one job that runs the kernel host
// (docs/kernels.md).
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"
#include "common/result.h"

namespace bsub::cli {

// The program's file name.
inline constexpr std::string_view kKernelHost = "bsub-lite-kernel-host";

// The arguments with the kernel host as the program: --kernel, --kernel-input and --array go into its
// command, and the job is called after the function unless it has a name. `programs`: the directory of this
// program and the host's; `here`: that of the caller, for a relative path of the library or the input.
Result<Arguments> WithKernelHost(const Arguments& arguments, const std::string& programs,
                                 const std::string& here);

}  // namespace bsub::cli
