// The agent's settings: command line only.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"
#include "common/time.h"
#include "jobs/resources.h"
#include "worker/core/node_core.h"
#include "worker/interruption/metadata_watch.h"
#include "worker/rpc/scheduler_link.h"

namespace bsub::worker {

struct AgentSettings {
  LinkSettings scheduler;
  std::string spawner_socket;
  std::string home;  // the agent's own state
  std::string name;
  std::string host;
  std::string address;  // by which other nodes reach this one
  Resources total;
  bool interruptible = false;
  MetadataSettings metadata;  // that may say that this machine is to be taken away
  Duration notice_on_term{};  // SIGTERM means that the machine goes after so long; 0: only the agent ends
  NodeSettings node;
  std::size_t max_frame_bytes = std::size_t{64} << 20;  // as the spawner's
  Duration reconnect_first = std::chrono::milliseconds(50);
  Duration reconnect_longest = std::chrono::seconds(2);
  Duration spawner_retry = std::chrono::milliseconds(100);
  std::int64_t tail_bytes = 64 << 10;  // of an attempt's output, sent to the scheduler at its end
  // On an interruptible machine also so often while it runs, as far as it has grown. 0: not.
  Duration tail_interval = std::chrono::seconds(30);
  Duration log_look_interval = std::chrono::milliseconds(100);  // how often a followed file is looked at
  std::size_t log_chunk_bytes = 64 << 10;
  std::size_t max_queued_log_bytes = 8 << 20;  // on the stream; then readers of logs pause
};

struct ParsedArguments {
  AgentSettings settings;
  std::string text;  // help or version to print instead of running
};
Result<ParsedArguments> ParseArguments(int argc, const char* const* argv);

// The options as a table for docs/node-settings.md.
std::string SettingsManual();

}  // namespace bsub::worker
