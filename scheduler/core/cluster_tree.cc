#include "scheduler/core/cluster_tree.h"

#include <utility>

namespace bsub::sched {

void ClusterTree::Configure(std::shared_ptr<const Topology> configured, const PlacementLimits& limits) {
  configured_ = std::move(configured);
  limits_ = limits;
  built_.reset();
}

void ClusterTree::Add(NodeId node, const std::string& name) {
  const auto [it, fresh] = names_.try_emplace(node, name);
  if (!fresh && it->second == name) return;
  it->second = name;
  // Nodes of the configuration come one by one when a cluster starts.
  const auto place = fresh && built_ && built_->topology ? built_->topology->FindNode(name) : std::nullopt;
  if (!place || built_->nodes[*place].valid()) return built_.reset();
  built_->nodes[*place] = node;
  built_->indexes.emplace(node, *place);
}

void ClusterTree::Remove(NodeId node) {
  if (names_.erase(node) > 0) built_.reset();
}

const ClusterTree::Built& ClusterTree::Build() const {
  if (built_) return *built_;
  built_.emplace();
  std::map<std::string, NodeId> by_name;
  for (const auto& [node, name] : names_) {
    if (!name.empty()) by_name.try_emplace(name, node);
  }
  std::vector<std::string> names, others;
  for (const auto& [name, node] : by_name) {
    names.push_back(name);
    if (configured_ && !configured_->FindNode(name)) others.push_back(name);
  }
  if (configured_ && others.empty()) {
    built_->topology = configured_;
  } else if (configured_) {
    built_->topology = std::make_shared<const Topology>(configured_->WithOthers(others));
  } else if (!names.empty()) {
    built_->topology = std::make_shared<const Topology>(Topology::Flat(names));
  } else {
    return *built_;
  }
  built_->nodes.resize(built_->topology->node_count());
  for (const auto& [name, node] : by_name) {
    const NodeIndex index = built_->topology->FindNode(name).value();
    built_->nodes[index] = node;
    built_->indexes.emplace(node, index);
  }
  return *built_;
}

const Topology* ClusterTree::topology() const { return Build().topology.get(); }

std::optional<NodeIndex> ClusterTree::IndexOf(NodeId node) const {
  const Built& built = Build();
  const auto it = built.indexes.find(node);
  return it == built.indexes.end() ? std::nullopt : std::optional(it->second);
}

NodeId ClusterTree::NodeAt(NodeIndex index) const { return Build().nodes.at(index); }

}  // namespace bsub::sched
