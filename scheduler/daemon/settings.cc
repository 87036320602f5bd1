#include "scheduler/daemon/settings.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "jobs/nearest.h"
#include "jobs/text.h"
#include "scheduler/cluster_config/load.h"
#include "scheduler/cluster_config/maintenance.h"

namespace bsub::daemon {
namespace {

Error AtLine(const YAML::Node& node, const std::string& message) {
  return InvalidArgument("line " + std::to_string(node.Mark().line + 1) + ": " + message);
}

std::string SectionOf(const std::string& name) { return name.substr(0, name.find('.')); }

std::vector<std::string> SectionNames() {
  std::vector<std::string> names;
  for (const Setting& setting : AllSettings()) {
    if (names.empty() || names.back() != SectionOf(setting.name)) names.push_back(SectionOf(setting.name));
  }
  return names;
}

// "section: a, b, c" lists may be written as YAML lists too.
Result<std::string> ValueText(const std::string& name, const YAML::Node& value) {
  if (value.IsScalar()) return value.Scalar();
  if (!value.IsSequence()) return AtLine(value, name + ": expected a value");
  std::string text;
  for (const YAML::Node& word : value) {
    if (!word.IsScalar()) return AtLine(word, name + ": expected a list of words");
    text += (text.empty() ? "" : " ") + word.Scalar();
  }
  return text;
}

Status ReadOne(const std::string& section, const YAML::Node& key, const YAML::Node& value,
               std::set<std::string>& seen, DaemonSettings& settings) {
  if (!key.IsScalar()) return AtLine(key, section + ": expected NAME: VALUE");
  const std::string name = section + "." + key.Scalar();
  std::vector<std::string> names;
  for (const Setting& setting : AllSettings()) {
    names.push_back(setting.name);
    if (setting.name != name) continue;
    if (!seen.insert(name).second) return AtLine(key, name + " is set twice");
    BSUB_ASSIGN_OR_RETURN(const std::string text, ValueText(name, value));
    if (const Status good = setting.set(settings, text); !good)
      return AtLine(value, name + ": " + good.error().message);
    return OkStatus();
  }
  return AtLine(key, "there is no setting " + Quoted(name) + DidYouMean(name, names));
}

Status ReadSection(const YAML::Node& key, const YAML::Node& body, std::set<std::string>& seen,
                   DaemonSettings& settings) {
  if (!key.IsScalar()) return AtLine(key, "expected the name of a section");
  const std::string section = key.Scalar();
  const std::vector<std::string> sections = SectionNames();
  if (std::find(sections.begin(), sections.end(), section) == sections.end()) {
    return AtLine(key, "there is no section " + Quoted(section) + DidYouMean(section, sections));
  }
  if (body.IsNull()) return OkStatus();
  if (!body.IsMap()) return AtLine(body, section + ": expected NAME: VALUE lines below it");
  for (const auto& item : body)
    BSUB_RETURN_IF_ERROR(ReadOne(section, item.first, item.second, seen, settings));
  return OkStatus();
}

CoreLoop::MaintenancePlan PlanOf(std::vector<cluster_config::Maintenance> all,
                                 std::shared_ptr<const sched::Topology> topology) {
  if (all.empty() || !topology) return nullptr;
  return [all = std::move(all), topology = std::move(topology)](TimePoint now, TimePoint to) {
    std::vector<sched::NodesClosed> closed;
    for (const cluster_config::Maintenance& one : all) {
      for (const sched::MaintenanceWindow& window : cluster_config::WindowsBetween(one, now, to)) {
        closed.push_back({window.name, window.begins, window.ends, {}});
        for (const sched::NodeIndex node : window.nodes)
          closed.back().nodes.push_back(topology->node(node).name);
      }
    }
    return closed;
  };
}

}  // namespace

Status ReadSettings(const std::string& yaml, DaemonSettings& settings) {
  YAML::Node root;
  try {
    root = YAML::Load(yaml);
  } catch (const YAML::Exception& error) {
    return InvalidArgument("line " + std::to_string(error.mark.line + 1) + ": not YAML: " + error.msg);
  }
  if (cluster_config::IsClusterConfig(yaml)) {
    const auto parsed = cluster_config::ParseClusterConfig(yaml);
    if (!parsed.problems.empty()) {
      const cluster_config::Problem& first = parsed.problems.front();
      return InvalidArgument((first.line > 0 ? "line " + std::to_string(first.line) + ": " : "") +
                             first.text);
    }
    settings.core.durable_paths = parsed.config.durable_paths;
    if (parsed.config.topology)
      settings.core.topology = std::make_shared<const sched::Topology>(*parsed.config.topology);
    settings.maintenance = PlanOf(parsed.config.maintenance, settings.core.topology);
    const YAML::Node all = root;
    root.reset(parsed.config.has_settings ? all["settings"] : YAML::Node());
  }
  if (root.IsNull()) return OkStatus();
  if (!root.IsMap())
    return AtLine(root, "expected sections such as 'core:' with NAME: VALUE lines below them");
  std::set<std::string> seen;
  for (const auto& item : root) BSUB_RETURN_IF_ERROR(ReadSection(item.first, item.second, seen, settings));
  return OkStatus();
}

Status LoadSettings(const std::string& path, DaemonSettings& settings) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return InvalidArgument("settings " + path + ": cannot be read");
  const Status good = ReadSettings(text.str(), settings);
  if (!good) return Error{good.error().code, "settings " + path + ": " + good.error().message};
  return OkStatus();
}

std::string PrintSettings(const DaemonSettings& settings) {
  std::string text, section;
  for (const Setting& setting : AllSettings()) {
    if (SectionOf(setting.name) != section) {
      section = SectionOf(setting.name);
      text += (text.empty() ? "" : "\n") + section + ":\n";
    }
    text += "  # " + setting.help + "\n  " + setting.name.substr(section.size() + 1) + ": " +
            setting.get(settings) + "\n";
  }
  return text;
}

std::string SettingsManual() {
  std::string text =
      "# Settings of the scheduler\n\n"
      "A YAML file, given with `bsub-lite-scheduler --config FILE` (or `bsub-lite up --config FILE`). "
      "Nothing has to be\n"
      "set. In a cluster configuration ([cluster-configuration.md](cluster-configuration.md)) they stand "
      "below "
      "the key `settings`.\n"
      "A name that does not exist is an error that names its line. `bsub-lite-scheduler --print-settings` "
      "prints the\n"
      "settings in force. Sizes: `64M`, `1.5G`; times: `250ms`, `30s`, `1h30m`, `7d`.\n\n"
      "```yaml\ncore:\n  lease: 1m\nrpc:\n  heartbeat: 5s\n```\n\n"
      "| setting | default | meaning |\n|---|---|---|\n";
  const DaemonSettings defaults;
  for (const Setting& setting : AllSettings()) {
    text += "| `" + setting.name + "` | `" + setting.get(defaults) + "` | " + setting.help + " |\n";
  }
  return text;
}

}  // namespace bsub::daemon
