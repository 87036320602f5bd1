// Everything the handlers share. One per scheduler; each identity's services hold a reference.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/bsub/v1/scheduler.pb.h"
#include "jobs/authority.h"
#include "jobs/job_spec.h"
#include "scheduler/rpc/blocking_pool.h"
#include "scheduler/rpc/core_port.h"
#include "scheduler/rpc/event_feed.h"
#include "scheduler/rpc/event_translation.h"
#include "scheduler/rpc/history_port.h"
#include "scheduler/rpc/open_streams.h"
#include "scheduler/rpc/payload_port.h"
#include "scheduler/rpc/settings.h"
#include "scheduler/rpc/timers.h"

namespace bsub::rpc {

class NodeRegistry;
class OutputSpool;
class WaitHub;

// What `status` tells beside the core's state.
struct ClusterFacts {
  std::string home;
  std::string version;
  std::int64_t pid = 0;
  TimePoint started_at;
};

struct Services {
  CorePort& core;
  HistoryPort& history;
  PayloadPort& payloads;
  EventFeed& feed;
  NameBook& names;
  OpenStreams& streams;
  Timers& timers;
  BlockingPool& readers;
  NodeRegistry& nodes;
  OutputSpool& spool;
  WaitHub& waits;
  const RpcSettings& settings;
  const AuthorityPolicy& policy;
  const SpecLimits& spec_limits;
  const ClusterFacts& facts;
  std::function<void(v1::JournalStatus&, std::vector<std::string>& warnings)> journal_status;
  std::function<void(bool stop_tasks)> shut_down;
};

}  // namespace bsub::rpc
