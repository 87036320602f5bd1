#include "cli/supervisor/cluster_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/supervisor/files.h"

namespace bsub::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr int kNamedFormat = 2;  // what reads only the first would start nodes of other names

// Times are milliseconds in the file.
struct TimeKey {
  const char* key;
  Duration SupervisorSettings::*member;
};
constexpr TimeKey kTimes[] = {{"agentStopMs", &SupervisorSettings::agent_stop},
                              {"taskStopMs", &SupervisorSettings::task_stop},
                              {"spawnerStopMs", &SupervisorSettings::spawner_stop},
                              {"schedulerStopMs", &SupervisorSettings::scheduler_stop}};
constexpr const char* kLogBytes = "logBytes";
constexpr TimeKey kLogLook = {"logLookMs", &SupervisorSettings::log_look};
struct WordsKey {
  const char* key;
  std::vector<std::string> SupervisorSettings::*member;
};
constexpr WordsKey kWords[] = {{"spawnerOptions", &SupervisorSettings::spawner_options},
                               {"agentOptions", &SupervisorSettings::agent_options}};
struct BackoffKey {
  const char* key;
  Duration BackoffSettings::*member;
};
constexpr BackoffKey kBackoffs[] = {{"backoffFirstMs", &BackoffSettings::first},
                                    {"backoffLastMs", &BackoffSettings::last},
                                    {"backoffStableMs", &BackoffSettings::stable}};

std::int64_t Millis(Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

// An integer from `min` to `max`; absent: `out` stays.
Status Read(const Json& json, const char* key, std::int64_t min, std::int64_t max, std::int64_t& out) {
  if (!json.contains(key)) return OkStatus();
  const Json& value = json[key];
  if (!value.is_number_integer() || value.get<std::int64_t>() < min || value.get<std::int64_t>() > max) {
    return InvalidArgument(std::string(key) + " is " + value.dump() + ", expected a number from " +
                           std::to_string(min) + " to " + std::to_string(max));
  }
  out = value.get<std::int64_t>();
  return OkStatus();
}

Status ReadTime(const Json& json, const char* key, Duration& out, std::int64_t shortest_ms = 0) {
  constexpr std::int64_t kLongest = 86'400'000;  // a day
  std::int64_t millis = Millis(out);
  BSUB_RETURN_IF_ERROR(Read(json, key, shortest_ms, kLongest, millis));
  out = std::chrono::milliseconds(millis);
  return OkStatus();
}

Status ReadWords(const Json& json, const char* key, std::vector<std::string>& out) {
  if (!json.contains(key)) return OkStatus();
  const Json& words = json[key];
  const bool good = words.is_array() && std::all_of(words.begin(), words.end(),
                                                    [](const Json& word) { return word.is_string(); });
  if (!good) return InvalidArgument(std::string(key) + " is " + words.dump() + ", expected a list of words");
  out = words.get<std::vector<std::string>>();
  return OkStatus();
}

Status ReadSupervisor(const Json& json, SupervisorSettings& out) {
  if (!json.is_object()) return InvalidArgument("supervisor is not an object");
  for (const TimeKey& time : kTimes) BSUB_RETURN_IF_ERROR(ReadTime(json, time.key, out.*time.member));
  for (const BackoffKey& time : kBackoffs)
    BSUB_RETURN_IF_ERROR(ReadTime(json, time.key, out.backoff.*time.member));
  for (const WordsKey& words : kWords) BSUB_RETURN_IF_ERROR(ReadWords(json, words.key, out.*words.member));
  BSUB_RETURN_IF_ERROR(ReadTime(json, kLogLook.key, out.*kLogLook.member, 1));
  return Read(json, kLogBytes, 0, INT64_MAX, out.log_bytes);
}

Status ReadNamed(const Json& json, ClusterFile& cluster) {
  if (!json.is_array() || json.size() != cluster.nodes)
    return InvalidArgument("namedNodes: expected a list of " + std::to_string(cluster.nodes) +
                           " nodes, as nodes says");
  for (const Json& one : json) {
    if (!one.is_object() || !one.contains("name") || !one["name"].is_string() || one["name"] == "")
      return InvalidArgument("namedNodes: " + one.dump() + ": expected a node with its name");
    LocalNode node{.name = one["name"].get<std::string>()};
    std::int64_t gpus = 0;
    BSUB_RETURN_IF_ERROR(Read(one, "cpuMilli", 1, INT64_MAX, node.cpu_milli));
    BSUB_RETURN_IF_ERROR(Read(one, "memBytes", 0, INT64_MAX, node.mem_bytes));
    BSUB_RETURN_IF_ERROR(Read(one, "gpus", 0, INT32_MAX, gpus));
    node.gpus = static_cast<std::int32_t>(gpus);
    node.interruptible = one.contains("interruptible") && one["interruptible"] == true;
    cluster.named.push_back(std::move(node));
  }
  return OkStatus();
}

Json SupervisorJson(const SupervisorSettings& settings) {
  const SupervisorSettings defaults;
  Json json = Json::object();
  for (const TimeKey& time : kTimes) {
    if (settings.*time.member != defaults.*time.member) json[time.key] = Millis(settings.*time.member);
  }
  for (const BackoffKey& time : kBackoffs) {
    if (settings.backoff.*time.member == defaults.backoff.*time.member) continue;
    json[time.key] = Millis(settings.backoff.*time.member);
  }
  if (settings.log_look != defaults.log_look) json[kLogLook.key] = Millis(settings.log_look);
  if (settings.log_bytes != defaults.log_bytes) json[kLogBytes] = settings.log_bytes;
  for (const WordsKey& words : kWords) {
    if (!(settings.*words.member).empty()) json[words.key] = settings.*words.member;
  }
  return json;
}

}  // namespace

std::vector<LocalNode> ClusterFile::Nodes() const {
  if (!named.empty()) return named;
  std::vector<LocalNode> all;
  for (std::uint32_t i = 1; i <= nodes; ++i)
    all.push_back({"n" + std::to_string(i), cpu_milli, mem_bytes, 0, false});
  return all;
}

std::vector<std::string> ClusterFile::NodeNames() const {
  std::vector<std::string> names;
  for (const LocalNode& node : Nodes()) names.push_back(node.name);
  return names;
}

std::string ToJson(const ClusterFile& cluster) {
  Json json;
  json["format"] = cluster.named.empty() ? kFormat : kNamedFormat;
  json["nodes"] = cluster.nodes;
  json["cpuMilli"] = cluster.cpu_milli;
  json["memBytes"] = cluster.mem_bytes;
  if (!cluster.config.empty()) json["config"] = cluster.config;
  for (const LocalNode& node : cluster.named) {
    json["namedNodes"].push_back({{"name", node.name},
                                  {"cpuMilli", node.cpu_milli},
                                  {"memBytes", node.mem_bytes},
                                  {"gpus", node.gpus},
                                  {"interruptible", node.interruptible}});
  }
  if (Json settings = SupervisorJson(cluster.supervisor); !settings.empty())
    json["supervisor"] = std::move(settings);
  return json.dump(2) + "\n";
}

Result<ClusterFile> ParseClusterFile(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return DataLoss("it is not a JSON object");
  std::int64_t format = 0, nodes = 0;
  ClusterFile cluster;
  BSUB_RETURN_IF_ERROR(Read(json, "format", 1, INT64_MAX, format));
  if (format != kFormat && format != kNamedFormat) {
    return FailedPrecondition("format is " + std::to_string(format) + ", this version reads " +
                              std::to_string(kFormat) + " and " + std::to_string(kNamedFormat));
  }
  BSUB_RETURN_IF_ERROR(Read(json, "nodes", 1, kMaxLocalNodes, nodes));
  if (nodes == 0) return InvalidArgument("nodes is missing");
  cluster.nodes = static_cast<std::uint32_t>(nodes);
  BSUB_RETURN_IF_ERROR(Read(json, "cpuMilli", 1, INT64_MAX, cluster.cpu_milli));
  BSUB_RETURN_IF_ERROR(Read(json, "memBytes", 0, INT64_MAX, cluster.mem_bytes));
  if (json.contains("config")) {
    if (!json["config"].is_string()) return InvalidArgument("config is not a path");
    cluster.config = json["config"].get<std::string>();
  }
  if (json.contains("namedNodes")) BSUB_RETURN_IF_ERROR(ReadNamed(json["namedNodes"], cluster));
  if (json.contains("supervisor"))
    BSUB_RETURN_IF_ERROR(ReadSupervisor(json["supervisor"], cluster.supervisor));
  return cluster;
}

Result<std::optional<ClusterFile>> LoadClusterFile(const std::string& path) {
  const auto text = ReadWholeFile(path);
  if (!text && text.error().code == Code::kNotFound) return std::optional<ClusterFile>();
  if (!text) return text.error();
  auto cluster = ParseClusterFile(*text);
  if (!cluster) {
    return Error{cluster.error().code,
                 path + ": " + cluster.error().message +
                     "; repair it, or remove it and run bsub-lite up with the numbers you want"};
  }
  return std::optional(std::move(*cluster));
}

}  // namespace bsub::cli
