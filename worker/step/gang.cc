#include "worker/step/gang.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "worker/launch/node_file.h"

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

Result<std::vector<GangNode>> NodesFromFile(const std::string& path) {
  std::vector<GangNode> nodes;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string::npos) {
      nodes.clear();
      break;
    }
    nodes.push_back({line.substr(0, blank), line.substr(blank + 1)});
  }
  if (!nodes.empty()) return nodes;
  return FailedPrecondition(std::string(worker::kNodeFileVariable) + "=" + path +
                            ": expected a file with NAME ADDRESS on each line; do not change it");
}

Result<std::vector<GangNode>> NodesFromLists(const Lookup& lookup) {
  BSUB_ASSIGN_OR_RETURN(const std::string names, Need(lookup, "BSUB_NODE_LIST"));
  BSUB_ASSIGN_OR_RETURN(const std::string addresses, Need(lookup, "BSUB_NODE_ADDRESSES"));
  const std::vector<std::string> name = Split(names);
  const std::vector<std::string> address = Split(addresses);
  if (name.size() != address.size()) {
    return InvalidArgument("BSUB_NODE_LIST and BSUB_NODE_ADDRESSES tell of " + std::to_string(name.size()) +
                           " nodes and " + std::to_string(address.size()) + " addresses: do not change them");
  }
  std::vector<GangNode> nodes;
  for (std::size_t i = 0; i < name.size(); ++i) nodes.push_back({name[i], address[i]});
  return nodes;
}

// Lists that are too long for a variable are in the file alone.
Result<std::vector<GangNode>> NodesFrom(const Lookup& lookup) {
  const char* file = lookup(worker::kNodeFileVariable);
  return file != nullptr && *file != '\0' ? NodesFromFile(file) : NodesFromLists(lookup);
}

Result<std::chrono::seconds> PatienceFrom(const Lookup& lookup) {
  constexpr long kLongest = 86'400;
  const char* text = lookup(kPatienceVariable);
  if (text == nullptr) return kDefaultPatience;
  char* end = nullptr;
  const long seconds = std::strtol(text, &end, 10);
  if (*text != '\0' && *end == '\0' && seconds >= 1 && seconds <= kLongest)
    return std::chrono::seconds(seconds);
  return InvalidArgument(std::string(kPatienceVariable) + "=" + text + ": expected seconds, from 1 to " +
                         std::to_string(kLongest));
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
  BSUB_ASSIGN_OR_RETURN(gang.nodes, NodesFrom(lookup));
  BSUB_ASSIGN_OR_RETURN(const std::string index, Need(lookup, "BSUB_NODE_INDEX"));
  BSUB_ASSIGN_OR_RETURN(gang.secret, Need(lookup, kSecretVariable));
  BSUB_ASSIGN_OR_RETURN(gang.scratch, Need(lookup, "BSUB_SCRATCH_DIR"));
  BSUB_ASSIGN_OR_RETURN(gang.patience, PatienceFrom(lookup));
  gang.index = static_cast<std::uint32_t>(std::strtoul(index.c_str(), nullptr, 10));
  if (gang.index >= gang.nodes.size()) {
    return InvalidArgument("BSUB_NODE_INDEX is " + index + ", and there are " +
                           std::to_string(gang.nodes.size()) + " nodes: do not change it");
  }
  return gang;
}

}  // namespace bsub::step
