// A kernel in a shared object: LIBRARY:NAME.
#pragma once

#include <bsub/kernel.h>

#include <string>
#include <string_view>

#include "common/result.h"

namespace bsub::kernels {

struct KernelName {
  std::string library;  // a path; without a slash, looked for as the dynamic linker does
  std::string function;
};
// "libtiles.so:render_tile"; the last colon divides.
Result<KernelName> ParseKernelName(std::string_view text);

// Opened for the life of the process.
struct Kernel {
  bsub_kernel_function function = nullptr;
  bsub_kernel_description description{};
};
// NotFound if there is no such library, function or description; FailedPrecondition if it was made for
// another version. What the library's own constructors do happens here: only a process that may crash calls
// this.
Result<Kernel> OpenKernel(const KernelName& name);

}  // namespace bsub::kernels
