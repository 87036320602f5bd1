#include "cli/supervisor/daemons_file.h"

#include <nlohmann/json.hpp>

namespace bsub::cli {

using Json = nlohmann::ordered_json;

std::string ToJson(const std::vector<DaemonStatus>& daemons) {
  Json json = Json::array();
  for (const DaemonStatus& daemon : daemons) {
    Json entry;
    entry["name"] = daemon.name;
    entry["pid"] = daemon.pid;
    entry["restarts"] = daemon.restarts;
    entry["lastEnd"] = daemon.last_end;
    entry["gaveUp"] = daemon.gave_up;
    json.push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

std::vector<DaemonStatus> ParseDaemons(std::string_view text) {
  std::vector<DaemonStatus> daemons;
  try {
    for (const Json& entry : Json::parse(text)) {
      daemons.push_back(
          {entry.at("name"), entry.at("pid"), entry.at("restarts"), entry.at("lastEnd"), entry.at("gaveUp")});
    }
  } catch (const Json::exception&) {
    daemons.clear();
  }
  return daemons;
}

}  // namespace bsub::cli
