#include "scheduler/cluster_config/tree.h"

#include <algorithm>
#include <span>

#include "jobs/nearest.h"
#include "jobs/text.h"
#include "scheduler/cluster_config/name_range.h"

namespace bsub::cluster_config {
namespace {

constexpr std::int64_t kMostInRack = 100'000;

class TreeReader {
 public:
  TreeReader(std::size_t max_depth, std::size_t max_entries, Problems& problems)
      : max_depth_(max_depth), entries_left_(max_entries), problems_(problems) {}

  TreeEntry Top(const YAML::Node& node) {
    TreeEntry top;
    top.line = LineOf(node);
    if (node.IsSequence()) {
      List(node, 0, top.under);
    } else {
      Body(Fields(node, "tree", {"nodes", "type", "features", "under"}, problems_), 0, top);
    }
    return top;
  }

 private:
  void List(const YAML::Node& node, std::size_t depth, std::vector<TreeEntry>& out) {
    if (depth >= max_depth_) return problems_.Add(LineOf(node), "tree: deeper than there are levels");
    for (const YAML::Node& child : node) {
      if (problems_.full()) return;
      if (entries_left_ == 0) return problems_.Add(LineOf(child), "tree: too many entries; use ranges");
      --entries_left_;
      out.push_back(Entry(child, depth + 1));
    }
  }

  TreeEntry Entry(const YAML::Node& node, std::size_t depth) {
    TreeEntry entry;
    entry.line = LineOf(node);
    const Fields fields(node, "tree", {"name", "nodes", "type", "features", "under"}, problems_);
    if (!node.IsMap()) return entry;
    if (fields.Need("name", "a switch's name, such as rack1 or rack[1-8]") != nullptr)
      entry.name = fields.Text("name").value_or("");
    Body(fields, depth, entry);
    return entry;
  }

  void Body(const Fields& fields, std::size_t depth, TreeEntry& entry) {
    entry.type = fields.Text("type").value_or("");
    entry.features = fields.Words("features");
    const Field* nodes = fields.Find("nodes");
    const Field* under = fields.Find("under");
    if (nodes != nullptr && under != nullptr) fields.Wrong("under", "is not possible beside nodes");
    if (nodes != nullptr) {
      const std::string text = fields.Text("nodes").value_or("");
      if (AllDigits(text)) {
        entry.each = static_cast<std::uint32_t>(fields.Number("nodes", 1, kMostInRack).value_or(0));
      } else {
        entry.nodes = text;
      }
    }
    if (under == nullptr) return;
    if (!under->value.IsSequence()) return fields.Wrong("under", "expected a list of switches");
    List(under->value, depth, entry.under);
  }

  const std::size_t max_depth_;
  std::size_t entries_left_;
  Problems& problems_;
};

class Expander {
 public:
  Expander(const std::vector<sched::InstanceType>& types, const ConfigLimits& limits,
           sched::TopologyBuilder& builder, Problems& problems)
      : types_(types), limits_(limits), builder_(builder), problems_(problems) {}

  using Handles = std::vector<sched::TopologyBuilder::Handle>;
  struct Inherited {
    std::string type;
    std::vector<std::string> features;
  };

  void Below(const TreeEntry& entry, const Handles& handles, Inherited inherited) {
    if (!entry.type.empty()) inherited.type = entry.type;
    inherited.features.insert(inherited.features.end(), entry.features.begin(), entry.features.end());
    if (!entry.nodes.empty() || entry.each > 0) Nodes(entry, handles, inherited);
    for (const TreeEntry& child : entry.under) {
      if (problems_.full()) return;
      const Handles made = Switches(child, handles);
      if (!made.empty()) Below(child, made, inherited);
    }
    if (entry.nodes.empty() && entry.each == 0 && entry.under.empty())
      problems_.Add(entry.line, "tree: " + Name(entry) + " has nothing below it; expected nodes or under");
  }

 private:
  static std::string Name(const TreeEntry& entry) {
    return entry.name.empty() ? "the top" : Quoted(entry.name);
  }

  // Names, if as many go to each of `parts`.
  std::vector<std::string> Names(const TreeEntry& entry, const std::string& text, std::size_t most,
                                 std::size_t parts) {
    auto names = ExpandNames(text, most);
    if (!names) {
      problems_.Add(entry.line, "tree: " + names.error().message);
      return {};
    }
    for (const std::string& name : *names) {
      if (const Status good = CheckName(name); !good) {
        problems_.Add(entry.line, "tree: " + good.error().message);
        return {};
      }
    }
    if (names->size() % parts != 0) {
      problems_.Add(entry.line, "tree: " + Quoted(text) + " means " + std::to_string(names->size()) +
                                    " names, which cannot be dealt out evenly to " + std::to_string(parts) +
                                    " switches");
      return {};
    }
    return std::move(*names);
  }

  Handles Switches(const TreeEntry& entry, const Handles& parents) {
    const std::vector<std::string> names = Names(entry, entry.name, limits_.max_switches, parents.size());
    switches_ += names.size();
    if (switches_ > limits_.max_switches) {
      problems_.Add(entry.line, "tree: more than " + std::to_string(limits_.max_switches) + " switches");
      return {};
    }
    Handles made;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto handle = builder_.AddSwitch(parents[i / (names.size() / parents.size())], names[i]);
      if (!handle) {
        problems_.Add(entry.line, "tree: " + handle.error().message);
        return {};
      }
      made.push_back(*handle);
    }
    return made;
  }

  // The position of a type, or nothing with a problem.
  std::optional<std::uint32_t> TypeOf(const TreeEntry& entry, const std::string& name) {
    if (name.empty() && types_.size() == 1) return 0;
    std::vector<std::string> known;
    for (std::uint32_t i = 0; i < types_.size(); ++i) {
      if (types_[i].name == name) return i;
      known.push_back(types_[i].name);
    }
    problems_.Add(entry.line,
                  "tree: the nodes of " + Name(entry) +
                      (name.empty() ? " have no type; there are several in types"
                                    : ": there is no type " + Quoted(name) + DidYouMean(name, known)));
    return std::nullopt;
  }

  std::vector<std::string> NodeNames(const TreeEntry& entry, const Handles& racks) {
    if (entry.each == 0) return Names(entry, entry.nodes, limits_.max_nodes, racks.size());
    std::vector<std::string> names;
    if (nodes_ + std::size_t{entry.each} * racks.size() > limits_.max_nodes) {
      TooManyNodes(entry);
      return names;
    }
    const std::size_t width = std::to_string(entry.each).size();
    for (const sched::TopologyBuilder::Handle rack : racks) {
      for (std::uint32_t n = 1; n <= entry.each; ++n) {
        std::string number = std::to_string(n);
        number.insert(0, width - number.size(), '0');
        names.push_back(builder_.name(rack) + "-" + number);
      }
    }
    return names;
  }

  void TooManyNodes(const TreeEntry& entry) {
    problems_.Add(entry.line, "tree: more than " + std::to_string(limits_.max_nodes) + " nodes");
  }

  void Nodes(const TreeEntry& entry, const Handles& racks, const Inherited& inherited) {
    const auto type = TypeOf(entry, inherited.type);
    if (!type) return;
    const std::vector<std::string> names = NodeNames(entry, racks);
    nodes_ += names.size();
    if (nodes_ > limits_.max_nodes) return TooManyNodes(entry);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Status good = builder_.AddNode(racks[i / (names.size() / racks.size())],
                                           {.name = names[i], .type = *type, .features = inherited.features});
      if (!good) return problems_.Add(entry.line, "tree: " + good.error().message);
    }
  }

  const std::vector<sched::InstanceType>& types_;
  const ConfigLimits& limits_;
  sched::TopologyBuilder& builder_;
  Problems& problems_;
  std::size_t switches_ = 1, nodes_ = 0;
};

}  // namespace

TreeEntry ReadTree(const YAML::Node& node, std::size_t max_depth, std::size_t max_entries,
                   Problems& problems) {
  return TreeReader(max_depth, max_entries, problems).Top(node);
}

void ExpandTree(const TreeEntry& top, const std::vector<sched::InstanceType>& types,
                const ConfigLimits& limits, sched::TopologyBuilder& builder, Problems& problems) {
  Expander(types, limits, builder, problems).Below(top, {sched::TopologyBuilder::kTop}, {});
}

}  // namespace bsub::cluster_config
