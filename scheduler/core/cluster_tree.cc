#include "scheduler/core/cluster_tree.h"

#include <utility>

#include "scheduler/core/capacity.h"

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
  idle_rooms_.clear();
  built_->nodes[*place] = node;
  built_->SetIndex(node, *place);
}

void ClusterTree::Remove(NodeId node) {
  if (names_.erase(node) > 0) built_.reset();
}

const ClusterTree::Built& ClusterTree::Build() const {
  if (built_) return *built_;
  built_.emplace();
  idle_rooms_.clear();
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
    built_->SetIndex(node, index);
  }
  return *built_;
}

const Topology* ClusterTree::topology() const { return Build().topology.get(); }

void ClusterTree::Built::SetIndex(NodeId node, NodeIndex index) {
  if (indexes.size() <= node.value()) indexes.resize(node.value() + 1, kNowhere);
  indexes[node.value()] = index;
}

std::optional<NodeIndex> ClusterTree::IndexOf(NodeId node) const {
  const std::vector<NodeIndex>& indexes = Build().indexes;
  if (node.value() >= indexes.size() || indexes[node.value()] == kNowhere) return std::nullopt;
  return indexes[node.value()];
}

const std::vector<NodeRoom>& ClusterTree::RoomWhenIdle(const Resources& each,
                                                       const NodeCapacity& capacity) const {
  const Built& built = Build();
  if (idle_rooms_shape_ != capacity.shape()) idle_rooms_.clear();
  idle_rooms_shape_ = capacity.shape();
  for (const IdleRoom& known : idle_rooms_) {
    if (known.each == each && known.room.size() == built.nodes.size()) return known.room;
  }
  if (idle_rooms_.size() == kRoomsKept) idle_rooms_.pop_back();
  IdleRoom& made = idle_rooms_.emplace_front(IdleRoom{each, {}});
  made.room.assign(built.nodes.size(), NodeRoom::kUnable);
  for (const auto& [node, use] : capacity.nodes()) {
    const auto index = IndexOf(node);
    if (index && each.Fits(use.total)) made.room[*index] = NodeRoom::kNone;
  }
  return made.room;
}

NodeId ClusterTree::NodeAt(NodeIndex index) const { return Build().nodes.at(index); }

}  // namespace bsub::sched
