#include "cli/kernel_job.h"

#include "cli/submit_kernel.h"
#include "jobs/text.h"

namespace bsub::cli {

std::optional<KernelJob> KernelJobOf(const bsub::v1::Job& job) {
  if (job.command().empty()) return std::nullopt;
  const std::string& host = job.command(0);
  if (host.substr(host.rfind('/') + 1) != kKernelHost) return std::nullopt;
  KernelJob kernel{.host = host, .kernel = "", .array = "", .input = ""};
  for (int i = 1; i + 1 < job.command_size(); i += 2) {
    const std::string& option = job.command(i);
    const std::string& value = job.command(i + 1);
    if (option == "--kernel") kernel.kernel = value;
    if (option == "--array") kernel.array = value;
    if (option == "--input") kernel.input = value;
  }
  if (kernel.kernel.empty() || kernel.array.empty()) return std::nullopt;
  return kernel;
}

std::string Describe(const KernelJob& kernel) {
  const std::string input = kernel.input.empty() ? "" : " with input " + kernel.input;
  return "kernel " + kernel.kernel + " for each of " + kernel.array + input;
}

std::string HowToSeeCalls(const KernelJob& kernel, const bsub::v1::Job& job) {
  return kernel.host + " --show " + job.checkpoint().directory() + "/" + std::to_string(job.id());
}

}  // namespace bsub::cli
