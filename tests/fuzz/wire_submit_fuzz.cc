// A client's submit request, any bytes: translated or refused with a one-line message, never more.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/utf8.h"
#include "scheduler/rpc/submit_translation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bsub::v1::SubmitRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  const bsub::Principal who{.uid = 1000, .gid = 100, .groups = {}, .name = "ada"};
  bsub::JobDefinition definition;
  definition.name = "d";
  definition.revision = 1;
  definition.command = {"run", "Ref::x"};
  const bsub::JobDefinition* const choices[] = {nullptr, &definition};
  for (const bsub::JobDefinition* with : choices) {
    const auto submit =
        bsub::rpc::TranslateSubmit(request, who, with, bsub::rpc::RpcSettings(), bsub::SpecLimits());
    if (!submit && submit.error().message.find('\n') != std::string::npos) std::abort();
    // The command, the environment, and the commands of single nodes.
    const std::size_t payloads = 2 + (submit ? submit->spec.settings->node_ranges.size() : 0);
    if (submit && (submit->payloads.size() != payloads || submit->spec.command != submit->payloads[0].hash))
      std::abort();
    if (submit && bsub::ToUtf8(submit->spec.name) != submit->spec.name) std::abort();
  }
  return 0;
}
