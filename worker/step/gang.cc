#include "worker/step/gang.h"

#include <algorithm>
#include <cstdlib>

namespace bsub::step {
namespace {

Result<std::string> Need(const Lookup& lookup, const char* name) {
  const char* value = lookup(name);
  if (value != nullptr && *value != '\0') return std::string(value);
  return FailedPrecondition(
      std::string(name) +
      " is not set: this runs only in a job of several nodes whose main node starts what "
      "runs on the others (submit --mpi, or --launch main-node)");
}

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t comma = list.find(','); comma != std::string::npos; comma = list.find(',', begin)) {
    parts.push_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
  parts.push_back(list.substr(begin));
  return parts;
}

}  // namespace

std::optional<std::uint32_t> Gang::IndexOf(std::string_view name) const {
  const auto it =
      std::find_if(nodes.begin(), nodes.end(), [name](const GangNode& node) { return node.name == name; });
  if (it == nodes.end()) return std::nullopt;
  return static_cast<std::uint32_t>(it - nodes.begin());
}

Result<Gang> GangFromEnvironment(const Lookup& lookup) {
  Gang gang;
  BSUB_ASSIGN_OR_RETURN(const std::string names, Need(lookup, "BSUB_NODE_LIST"));
  BSUB_ASSIGN_OR_RETURN(const std::string addresses, Need(lookup, "BSUB_NODE_ADDRESSES"));
  BSUB_ASSIGN_OR_RETURN(const std::string index, Need(lookup, "BSUB_NODE_INDEX"));
  BSUB_ASSIGN_OR_RETURN(gang.secret, Need(lookup, "BSUB_GANG_SECRET"));
  BSUB_ASSIGN_OR_RETURN(gang.scratch, Need(lookup, "BSUB_SCRATCH_DIR"));
  const std::vector<std::string> name = Split(names);
  const std::vector<std::string> address = Split(addresses);
  gang.index = static_cast<std::uint32_t>(std::strtoul(index.c_str(), nullptr, 10));
  if (name.size() != address.size() || gang.index >= name.size()) {
    return InvalidArgument("BSUB_NODE_LIST, BSUB_NODE_ADDRESSES and BSUB_NODE_INDEX tell of " +
                           std::to_string(name.size()) + " nodes, " + std::to_string(address.size()) +
                           " addresses and index " + index + ": do not change them");
  }
  for (std::size_t i = 0; i < name.size(); ++i) gang.nodes.push_back({name[i], address[i]});
  return gang;
}

}  // namespace bsub::step
