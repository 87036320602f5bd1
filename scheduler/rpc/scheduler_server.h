// All of the adapters together: what the daemon starts and stops, and what it feeds with entries and
// messages.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "scheduler/rpc/identity.h"
#include "scheduler/rpc/node_registry.h"
#include "scheduler/rpc/output_spool.h"
#include "scheduler/rpc/services.h"
#include "scheduler/rpc/tcp_listener.h"
#include "scheduler/rpc/unix_listener.h"
#include "scheduler/rpc/wait_hub.h"

namespace bsub::rpc {

struct ServerSettings {
  RpcSettings rpc;
  AuthorityPolicy policy;
  SpecLimits spec_limits;
  ClusterFacts facts;
  std::string socket_path;
  std::string spool_directory;
  std::optional<TcpSettings> tcp;
};

struct ServerPorts {
  CorePort& core;
  HistoryPort& history;
  PayloadPort& payloads;
  SignFn sign;
  std::function<void(v1::JournalStatus&, std::vector<std::string>& warnings)> journal_status;
  std::function<void(bool stop_tasks)> shut_down;
};

class SchedulerServer {
 public:
  SchedulerServer(ServerSettings settings, ServerPorts ports);
  ~SchedulerServer();
  SchedulerServer(const SchedulerServer&) = delete;
  SchedulerServer& operator=(const SchedulerServer&) = delete;

  // What was there before the first entry of this process.
  void Load(const sched::State& state);
  Status Listen(const std::string& cluster_uuid);
  int tcp_port() const { return tcp_ ? tcp_->port : 0; }
  const std::vector<std::string>& token_warnings() const { return token_warnings_; }

  // From the committer's release thread, in this order for each batch.
  void Publish(const EntryBatch& batch);
  void Deliver(std::vector<sched::Message> messages);

  Timers& timers() { return timers_; }

  // Takes no new connections and ends the calls that would go on for ever, or for long.
  void BeginStop();
  // Ends all calls. The core must have answered, or refuse, what was asked of it.
  void Stop();

 private:
  IdentityServer ServerFor(std::shared_ptr<const Identifier> identifier);
  Status ListenTcp();

  const ServerSettings settings_;
  EventFeed feed_;
  NameBook names_;
  OpenStreams streams_;
  OutputSpool spool_;
  NodeRegistry nodes_;
  WaitHub waits_;
  Timers timers_;
  BlockingPool readers_;
  Services services_;
  std::shared_ptr<void> tcp_services_;
  std::optional<TcpServer> tcp_;
  std::vector<std::string> token_warnings_;
  std::unique_ptr<UnixListener> unix_;
};

}  // namespace bsub::rpc
