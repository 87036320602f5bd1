#include "scheduler/cluster_config/load.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/cluster_config/generate.h"
#include "scheduler/cluster_config/name_range.h"
#include "scheduler/cluster_config/read_parts.h"
#include "scheduler/cluster_config/tree.h"
#include "scheduler/cluster_config/yaml_fields.h"

namespace bsub::cluster_config {
namespace {

const std::vector<std::string>& TopKeys() {
  static const std::vector<std::string> kKeys = {
      "name", "levels", "types", "tree", "generate", "licences", "durable_paths", "maintenance", "settings"};
  return kKeys;
}

class Reader {
 public:
  Reader(const YAML::Node& root, const ConfigLimits& limits, Problems& problems)
      : limits_(limits), problems_(problems), top_(root, "cluster", TopKeys(), problems) {}

  void Read(ClusterConfig& config) {
    config.name = top_.Text("name").value_or("cluster");
    if (const Status good = CheckName(config.name); !good) top_.Wrong("name", good.error().message);
    config.has_settings = top_.Find("settings") != nullptr;
    if (const Field* licences = top_.Find("licences"))
      config.licences = ReadLicences(licences->value, "licences", problems_);
    config.durable_paths = ReadDurablePaths(top_);
    if (HasTree()) ReadTopology(config);
    const Field* maintenance = top_.Find("maintenance");
    if (maintenance != nullptr && config.topology) {
      config.maintenance = ReadMaintenance(maintenance->value, *config.topology, limits_, problems_);
    } else if (maintenance != nullptr && !HasTree()) {
      top_.Wrong("maintenance", "needs nodes: there is no tree");
    }
  }

 private:
  bool HasTree() const {
    return std::any_of(top_.all().begin(), top_.all().end(), [](const Field& field) {
      return field.key == "tree" || field.key == "generate" || field.key == "levels" || field.key == "types";
    });
  }

  std::map<std::string, std::int64_t> GeneratorNumbers(const Fields& fields) {
    std::map<std::string, std::int64_t> numbers;
    for (const Field& field : fields.all()) {
      if (const auto number = fields.Number(field.key, 0, INT32_MAX)) numbers[field.key] = *number;
    }
    return numbers;
  }

  // The one entry of `generate`.
  std::optional<Generated> ReadGenerated(const Field& field) {
    const Fields kinds(field.value, "generate", {}, problems_);
    if (kinds.all().size() != 1) {
      problems_.Add(field.line, "generate: expected one kind with its numbers, such as fat-tree: {k: 8}");
      return std::nullopt;
    }
    const Field& kind = kinds.all().front();
    const Fields body(kind.value, "generate: " + kind.key, {}, problems_);
    auto made = Generate(kind.key, GeneratorNumbers(body));
    if (made) {
      made->tree.line = field.line;
      SetLine(made->tree.under, field.line);
      return std::move(*made);
    }
    problems_.Add(kind.line, "generate: " + made.error().message);
    return std::nullopt;
  }

  static void SetLine(std::vector<TreeEntry>& entries, int line) {
    for (TreeEntry& entry : entries) entry.line = line, SetLine(entry.under, line);
  }

  void ReadTopology(ClusterConfig& config) {
    std::vector<sched::Level> levels;
    TreeEntry tree;
    const Field* generate = top_.Find("generate");
    const Field* written =
        generate != nullptr ? top_.Find("tree") : top_.Need("tree", "what is where, or generate");
    if (generate != nullptr && written != nullptr) top_.Wrong("generate", "is not possible beside tree");
    if (generate != nullptr) {
      auto made = ReadGenerated(*generate);
      if (!made) return;
      levels = std::move(made->levels);
      tree = std::move(made->tree);
    }
    const std::size_t depth = levels.size();
    const Field* given = generate != nullptr
                             ? top_.Find("levels")
                             : top_.Need("levels", "a list from the whole cluster down to the node");
    if (given != nullptr) levels = ReadLevels(given->value, limits_.max_levels, problems_);
    if (generate != nullptr && levels.size() != depth)
      top_.Wrong("levels", "the generator makes " + std::to_string(depth) + " levels, not " +
                               std::to_string(levels.size()));
    if (written != nullptr) {
      tree = ReadTree(written->value, levels.size() < 2 ? 0 : levels.size() - 2, limits_.max_switches,
                      problems_);
      tree.line = written->line;
    }
    const Field* types = top_.Need("types", "instance types with cpus and memory");
    if (types != nullptr) Build(config, std::move(levels), ReadTypes(types->value, problems_), tree);
  }

  void Build(ClusterConfig& config, std::vector<sched::Level> levels, std::vector<sched::InstanceType> types,
             const TreeEntry& tree) {
    if (!problems_.empty()) return;  // what follows from them is no help
    auto builder = sched::TopologyBuilder::Make(config.name, std::move(levels));
    if (!builder) return top_.Wrong("levels", builder.error().message);
    for (const sched::InstanceType& type : types) {
      if (const auto added = builder->AddType(type); !added) top_.Wrong("types", added.error().message);
    }
    ExpandTree(tree, types, limits_, *builder, problems_);
    if (!problems_.empty()) return;
    auto topology = std::move(*builder).Build();
    if (topology) {
      config.topology = std::move(*topology);
    } else {
      problems_.Add(tree.line, "tree: " + topology.error().message);
    }
  }

  const ConfigLimits& limits_;
  Problems& problems_;
  const Fields top_;
};

}  // namespace

ParsedConfig ParseClusterConfig(std::string_view text, const ConfigLimits& limits) {
  ParsedConfig parsed;
  Problems problems(limits.max_problems);
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (root.IsMap()) {
      Reader(root, limits, problems).Read(parsed.config);
    } else {
      problems.Add(0, "expected 'key: value' lines with keys such as levels, types and tree");
    }
  } catch (const YAML::Exception& error) {
    problems.Add(std::max(0, error.mark.line + 1), "not YAML: " + error.msg);
  }
  parsed.problems = problems.Take();
  return parsed;
}

Result<std::string> ReadConfigFile(const std::string& path, const ConfigLimits& limits) {
  std::ifstream file(path, std::ios::binary);
  std::string text(limits.max_file_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.eof() && !file) return NotFound(path + ": cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > limits.max_file_bytes)
    return ResourceExhausted(path + ": larger than " +
                             FormatBytes(static_cast<std::int64_t>(limits.max_file_bytes)));
  return text;
}

Result<ClusterConfig> LoadClusterConfig(const std::string& path, const ConfigLimits& limits) {
  BSUB_ASSIGN_OR_RETURN(const std::string text, ReadConfigFile(path, limits));
  ParsedConfig parsed = ParseClusterConfig(text, limits);
  if (parsed.problems.empty()) return std::move(parsed.config);
  const Problem& first = parsed.problems.front();
  const std::size_t more = parsed.problems.size() - 1;
  return InvalidArgument(path + (first.line > 0 ? ":" + std::to_string(first.line) : "") + ": " + first.text +
                         (more > 0 ? " (and " + std::to_string(more) + " more)" : ""));
}

bool IsClusterConfig(std::string_view text) {
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (!root.IsMap()) return false;
    for (const auto& entry : root) {
      if (entry.first.IsScalar() &&
          std::find(TopKeys().begin(), TopKeys().end(), entry.first.Scalar()) != TopKeys().end())
        return true;
    }
  } catch (const YAML::Exception&) {
    return false;
  }
  return false;
}

}  // namespace bsub::cluster_config
