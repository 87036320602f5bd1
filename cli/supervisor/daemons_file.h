// run/daemons.json: what the supervisor knows of its daemons, for `up` and for people.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace bsub::cli {

struct DaemonStatus {
  std::string name;
  pid_t pid = 0;         // 0: not running
  int restarts = 0;      // in a row
  std::string last_end;  // "exited with code 1"; empty: it never ended
  bool gave_up = false;  // that end was an exit of its own, with an error
};

std::string ToJson(const std::vector<DaemonStatus>& daemons);
std::vector<DaemonStatus> ParseDaemons(std::string_view text);  // empty for anything else

}  // namespace bsub::cli
