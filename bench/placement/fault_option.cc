#include "bench/placement/fault_option.h"

#include <string>

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/cluster_config/units.h"

namespace bsub::placement {
namespace {

Error WrongFault(std::string_view text, const std::string& why) {
  return InvalidArgument("--degrade " + Quoted(text) + ": " + why +
                         "; expected NAME=PERCENT%, NAME=+LATENCY or both, such as a03=25%+20us");
}

Status ReadBandwidth(std::string_view text, sim::NetworkFault& fault) {
  constexpr std::int64_t kWhole = 100;
  if (!text.ends_with('%')) return InvalidArgument("the bandwidth is in percent of what it should be");
  BSUB_ASSIGN_OR_RETURN(const std::int64_t percent, ParseInteger(text.substr(0, text.size() - 1), 1, kWhole));
  fault.bandwidth = static_cast<double>(percent) / static_cast<double>(kWhole);
  return OkStatus();
}

Status ReadParts(std::string_view text, sim::NetworkFault& fault) {
  const std::size_t plus = text.find('+');
  if (plus != 0) BSUB_RETURN_IF_ERROR(ReadBandwidth(text.substr(0, plus), fault));
  if (plus == std::string_view::npos) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(fault.extra_latency_ns, cluster_config::ParseLatency(text.substr(plus + 1)));
  return OkStatus();
}

}  // namespace

Result<sim::NetworkFault> ParseNetworkFault(std::string_view text, const sched::Topology& topology) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return WrongFault(text, "there is no '='");
  sim::NetworkFault fault;
  fault.name = text.substr(0, equals);
  const auto at = topology.FindSwitch(fault.name);
  if (!at && !topology.FindNode(fault.name))
    return WrongFault(text, "the configuration has no node or switch " + Quoted(fault.name));
  if (at == sched::SwitchIndex{0})
    return WrongFault(text, Quoted(fault.name) + " is the top, with nothing above");
  if (const Status read = ReadParts(text.substr(equals + 1), fault); !read)
    return WrongFault(text, read.error().message);
  return fault;
}

}  // namespace bsub::placement
