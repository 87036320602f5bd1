// Configuration files made by a generator.
#include "scheduler/cluster_config/generate.h"
#include "scheduler/cluster_config/units.h"

namespace bsub::cluster_config {
namespace {

void WriteLevel(const sched::Level& level, std::string& out) {
  out += "  - name: " + level.name + "\n    links:\n";
  for (const sched::Link& link : level.links) {
    out += "      " + std::string(ToString(link.fabric)) + ": {latency: " + FormatLatency(link.latency_ns) +
           ", bandwidth: " + FormatBandwidth(link.bandwidth) + "}\n";
  }
  if (level.uplink > 0) out += "    uplink: " + FormatBandwidth(level.uplink) + "\n";
}

void WriteEntry(const TreeEntry& entry, const std::string& indent, std::string& out) {
  out += indent + "- name: " + entry.name + "\n";
  if (!entry.nodes.empty()) out += indent + "  nodes: " + entry.nodes + "\n";
  if (entry.under.empty()) return;
  out += indent + "  under:\n";
  for (const TreeEntry& child : entry.under) WriteEntry(child, indent + "    ", out);
}

}  // namespace

Result<std::string> GenerateFile(std::string_view kind,
                                 const std::map<std::string, std::int64_t>& parameters) {
  BSUB_ASSIGN_OR_RETURN(const Generated made, Generate(kind, parameters));
  bool efa = false;
  for (const sched::Level& level : made.levels) efa = efa || level.links.size() > 1;
  std::string out = "# Made by bsub-lite config generate " + std::string(kind);
  for (const auto& [name, value] : parameters) out += " " + name + "=" + std::to_string(value);
  out += ".\nname: " + std::string(kind) + "\nlevels:\n";
  for (const sched::Level& level : made.levels) WriteLevel(level, out);
  out += "types:\n  node:\n    cpus: 64\n    memory: 256G\n";
  if (efa) out += "    fabrics: [ethernet, efa]\n";
  out += "tree:\n";
  for (const TreeEntry& entry : made.tree.under) WriteEntry(entry, "  ", out);
  return out;
}

}  // namespace bsub::cluster_config
