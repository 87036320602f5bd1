#include "kernels/host/kernel_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>

namespace bsub::kernels {
namespace {

std::string Quote(std::string_view text) { return "\"" + std::string(text) + "\""; }

Result<Kernel> Checked(const KernelName& name, void* function, const void* description) {
  if (function == nullptr)
    return NotFound("kernel: " + name.library + " has no function " + Quote(name.function));
  if (description == nullptr) {
    return NotFound("kernel: " + name.library + " has no " + Quote(name.function + "_kernel") +
                    "; describe it with BSUB_KERNEL(" + name.function + ") of bsub/kernel.h");
  }
  Kernel kernel;
  std::uint32_t size = 0;
  std::memcpy(&size, description, sizeof size);
  std::memcpy(&kernel.description, description, std::min<std::size_t>(size, sizeof kernel.description));
  if (kernel.description.version != BSUB_KERNEL_VERSION) {
    return FailedPrecondition("kernel: " + Quote(name.function) + " was compiled for version " +
                              std::to_string(kernel.description.version) + " of bsub/kernel.h, expected " +
                              std::to_string(BSUB_KERNEL_VERSION) + "; compile it anew");
  }
  if (kernel.description.record_bytes > BSUB_KERNEL_MAX_RECORD_BYTES) {
    return InvalidArgument("kernel: record_bytes of " + Quote(name.function) + " is " +
                           std::to_string(kernel.description.record_bytes) + "; at most " +
                           std::to_string(BSUB_KERNEL_MAX_RECORD_BYTES));
  }
  kernel.function = reinterpret_cast<bsub_kernel_function>(function);
  return kernel;
}

}  // namespace

Result<KernelName> ParseKernelName(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return InvalidArgument("kernel " + Quote(text) +
                           ": expected LIBRARY:FUNCTION, such as ./libtiles.so:render_tile");
  return KernelName{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

Result<Kernel> OpenKernel(const KernelName& name) {
  void* library = ::dlopen(name.library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return NotFound(std::string("kernel: ") + ::dlerror());
  return Checked(name, ::dlsym(library, name.function.c_str()),
                 ::dlsym(library, (name.function + "_kernel").c_str()));
}

}  // namespace bsub::kernels
