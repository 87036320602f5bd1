#include "scheduler/rpc/scheduler_server.h"

#include <chrono>
#include <type_traits>
#include <utility>
#include <variant>

#include "scheduler/rpc/scheduler_service.h"
#include "scheduler/rpc/tokens.h"
#include "scheduler/rpc/worker_service.h"

namespace bsub::rpc {
namespace {

struct ServicePair {
  ServicePair(const Services& services, const std::shared_ptr<const Identifier>& identifier)
      : scheduler(services, identifier), worker(services, identifier) {}
  SchedulerService scheduler;
  WorkerService worker;
};

void Configure(grpc::ServerBuilder& builder, const RpcSettings& settings, ServicePair& services) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(settings.max_message_bytes));
  builder.SetMaxSendMessageSize(static_cast<int>(settings.max_message_bytes));
  const int keepalive_ms = static_cast<int>(settings.keepalive.count() / 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_ms);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_ms / 3);
  // Clients and nodes may probe us too, also between calls.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, keepalive_ms / 12);
  builder.RegisterService(&services.scheduler);
  builder.RegisterService(&services.worker);
}

}  // namespace

SchedulerServer::SchedulerServer(ServerSettings settings, ServerPorts ports)
    : settings_(std::move(settings)),
      spool_(settings_.spool_directory, settings_.rpc.output_tail_bytes),
      nodes_(ports.core, ports.payloads, std::move(ports.sign), settings_.rpc),
      waits_(feed_),
      readers_(settings_.rpc.reader_threads),
      services_{.core = ports.core,
                .history = ports.history,
                .payloads = ports.payloads,
                .feed = feed_,
                .names = names_,
                .streams = streams_,
                .timers = timers_,
                .readers = readers_,
                .nodes = nodes_,
                .spool = spool_,
                .waits = waits_,
                .settings = settings_.rpc,
                .policy = settings_.policy,
                .spec_limits = settings_.spec_limits,
                .facts = settings_.facts,
                .journal_status = std::move(ports.journal_status),
                .shut_down = std::move(ports.shut_down)} {}

SchedulerServer::~SchedulerServer() {
  BeginStop();
  Stop();
}

void SchedulerServer::Load(const sched::State& state) {
  names_.Load(state);
  feed_.StartAt(state.last_sequence);
  std::vector<JobId> known;
  known.reserve(state.jobs.size());
  for (const auto& [id, job] : state.jobs) known.push_back(id);
  readers_.Run([this, known = std::move(known), next = JobId(state.next_job_id)] {
    spool_.ForgetOthers(known, next);
  });
}

Status SchedulerServer::Listen(const std::string& cluster_uuid) {
  nodes_.SetClusterUuid(cluster_uuid);
  if (settings_.tcp) BSUB_RETURN_IF_ERROR(ListenTcp());
  UnixListenerSettings unix_settings{settings_.socket_path, settings_.rpc.socket_mode,
                                     settings_.rpc.max_identities, settings_.rpc.max_connections_per_user};
  BSUB_ASSIGN_OR_RETURN(unix_, UnixListener::Start(std::move(unix_settings), [this](const Principal& who) {
                          return ServerFor(std::make_shared<FixedIdentifier>(Identity{who, false}));
                        }));
  return OkStatus();
}

IdentityServer SchedulerServer::ServerFor(std::shared_ptr<const Identifier> identifier) {
  const auto services = std::make_shared<ServicePair>(services_, identifier);
  grpc::ServerBuilder builder;
  Configure(builder, settings_.rpc, *services);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // pings that measure a network's delay
  return {services, builder.BuildAndStart()};
}

Status SchedulerServer::ListenTcp() {
  if (settings_.tcp->token_file.empty()) {
    return InvalidArgument("listen: a TCP port needs tokens; give --token-file");
  }
  BSUB_ASSIGN_OR_RETURN(TokenTable tokens,
                        TokenTable::Load(settings_.tcp->token_file, settings_.policy.cluster_uid));
  token_warnings_ = tokens.warnings();
  const auto services =
      std::make_shared<ServicePair>(services_, std::make_shared<TokenIdentifier>(std::move(tokens)));
  grpc::ServerBuilder builder;
  Configure(builder, settings_.rpc, *services);
  BSUB_ASSIGN_OR_RETURN(tcp_, StartTcp(builder, *settings_.tcp));
  tcp_services_ = services;
  return OkStatus();
}

void SchedulerServer::Publish(const EntryBatch& batch) {
  for (const sched::JournalEntry& entry : *batch) {
    names_.Learn(entry);
    const auto* forgotten = std::get_if<sched::JobsForgotten>(&entry.body);
    if (!forgotten) continue;
    readers_.Run([this, jobs = forgotten->jobs] {
      for (const JobId job : jobs) spool_.Forget(job);
    });
  }
  feed_.Publish(batch);
}

void SchedulerServer::Deliver(std::vector<sched::Message> messages) { nodes_.Deliver(messages); }

void SchedulerServer::BeginStop() {
  if (unix_) unix_->StopAccepting();
  streams_.EndAll(Unavailable("the scheduler is stopping; try again when it is back"));
  readers_.BeginStop();
}

void SchedulerServer::Stop() {
  const auto deadline = std::chrono::system_clock::now() + settings_.rpc.stop_timeout;
  if (tcp_ && tcp_->server) tcp_->server->Shutdown(deadline);
  if (unix_) unix_->ShutDown(deadline);
  timers_.Stop();
  readers_.Stop();
}

}  // namespace bsub::rpc
