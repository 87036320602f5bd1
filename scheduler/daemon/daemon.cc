#include "scheduler/daemon/daemon.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "common/utf8.h"
#include "scheduler/daemon/home.h"
#include "scheduler/daemon/log.h"
#include "scheduler/daemon/task_stopper.h"
#include "scheduler/journal/identity.h"
#include "worker/launch/launch_proof.h"

namespace bsub::daemon {
namespace {

#ifndef BSUB_VERSION
#define BSUB_VERSION "0"
#endif

constexpr int kExitJournalFailed = 1;

void LogRecovery(const journal::RecoveryReport& report) {
  Log(LogLevel::kInfo, {{"event", "journal-open"},
                        {"created", report.created ? "yes" : "no"},
                        {"snapshot", std::to_string(report.snapshot)},
                        {"replayed", std::to_string(report.entries_replayed)},
                        {"sequence", std::to_string(report.last_sequence)}});
  if (report.dropped_tail) {
    Log(LogLevel::kWarning,
        {{"event", "journal-torn-tail"}, {"text", journal::Describe(*report.dropped_tail)}});
  }
  if (report.lift_counters_by > 0) {
    Log(LogLevel::kWarning, {{"event", "journal-lost-its-end"},
                             {"text", "ids go up by " + std::to_string(report.lift_counters_by) +
                                          ", so that none that was given out in it is given again"}});
  }
  for (const std::string& warning : report.warnings) {
    Log(LogLevel::kWarning, {{"event", "journal-warning"}, {"text", warning}});
  }
}

void LogPlain(const std::string& line) { LogLine(LogLevel::kInfo, line); }

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::Start(Options options, std::function<void()> stop_asked) {
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(options), std::move(stop_asked)));
  BSUB_RETURN_IF_ERROR(
      PrepareHome(daemon->files_, daemon->options_.home, daemon->options_.settings.rpc.socket_mode));
  BSUB_RETURN_IF_ERROR(daemon->OpenJournal());
  BSUB_ASSIGN_OR_RETURN(rpc::SignFn sign, daemon->OpenLaunchKey());
  BSUB_RETURN_IF_ERROR(daemon->OpenHistory());
  daemon->StartLoop();
  BSUB_RETURN_IF_ERROR(daemon->StartServer(std::move(sign)));
  Log(LogLevel::kInfo, {{"event", "ready"},
                        {"home", daemon->options_.home},
                        {"port", std::to_string(daemon->server_->tcp_port())},
                        {"cluster", daemon->scheduler_->state().cluster_uuid}});
  return daemon;
}

Daemon::~Daemon() { Stop(); }

Status Daemon::OpenJournal() {
  const JournalSettings& from = options_.settings.journal;
  journal::DiskJournalSettings settings;
  settings.directory = options_.home + "/journal";
  settings.segments.segment_bytes = static_cast<std::uint64_t>(from.segment_bytes);
  settings.segments.max_batch_bytes = static_cast<std::uint64_t>(from.max_batch_bytes);
  settings.snapshot_bytes = static_cast<std::uint64_t>(from.snapshot_bytes);
  settings.snapshot_percent = from.snapshot_percent;
  settings.retention = {from.snapshots, from.history_retention};
  sched::Settings core = options_.settings.core;
  core.authority.cluster_uid = geteuid();
  BSUB_ASSIGN_OR_RETURN(journal::OpenedJournal opened, journal::DiskJournal::Open(files_, settings, core));
  LogRecovery(opened.report);
  journal_ = std::move(opened.journal);
  scheduler_ = std::move(opened.scheduler);
  recovery_ = std::move(opened.report);
  journal_port_ = std::make_unique<DiskJournalPort>(
      *journal_, journal::SnapshotHelper{options_.programs + "/bsub-lite-snapshot", from.snapshot_nice},
      static_cast<std::uint64_t>(std::min(from.kept_bytes, from.segment_bytes / 2)), LogPlain);
  payloads_ = std::make_unique<PayloadCache>(journal_->payloads(),
                                             static_cast<std::size_t>(from.payload_cache_bytes));
  return OkStatus();
}

Status Daemon::OpenHistory() {
  DiskHistorySettings settings;
  settings.path = options_.home + "/history/history.db";
  settings.cluster_uuid = journal::FormatUuid(journal_->cluster());
  settings.max_backlog = options_.settings.journal.max_history_backlog;
  settings.timeout = options_.settings.rpc.history_timeout;
  settings.retention =
      std::max(options_.settings.history.retention, options_.settings.core.finished_retention);
  settings.gather = options_.settings.history.gather;
  settings.max_removed = options_.settings.history.max_removed_per_step;
  settings.applied = [this](std::uint64_t sequence) { journal_->SetHistorySequence(sequence); };
  journal_->SetHistorySequence(0);
  BSUB_ASSIGN_OR_RETURN(history_, DiskHistory::Open(files_, *journal_, std::move(settings), LogPlain));
  return OkStatus();
}

Result<rpc::SignFn> Daemon::OpenLaunchKey() {
  const std::string path = options_.home + "/secrets/launch.key";
  const Status created = worker::LaunchKey::Create(path);
  if (!created && created.error().code != Code::kAlreadyExists) return created.error();
  BSUB_ASSIGN_OR_RETURN(worker::LaunchKey key, worker::LaunchKey::Load(path));
  return rpc::SignFn([key = std::move(key)](std::string_view launch) { return key.Sign(launch); });
}

void Daemon::StartLoop() {
  const JournalSettings& journal = options_.settings.journal;
  const CommitterLimits limits{.gathered = journal.max_gathered,
                               .bytes = static_cast<std::uint64_t>(journal.max_batch_bytes),
                               .unreleased = journal.max_unreleased};
  clock_ = std::make_unique<SlewedClock>(scheduler_->state().last_at);
  if (const std::string clock = ExplainWallAhead(clock_->WallAhead()); !clock.empty())
    Log(LogLevel::kWarning, {{"event", "clock-differs"}, {"text", clock}});
  committer_ = std::make_unique<Committer>(
      *journal_port_,
      [this](const rpc::EntryBatch& batch) {
        history_->Feed(batch);
        server_->Publish(batch);
      },
      [this](std::vector<sched::Message> messages) { server_->Deliver(std::move(messages)); },
      [this](const Error& error) { JournalFailed(error); }, limits);
  CoreLoopSettings loop = options_.settings.loop;
  loop.max_batch_bytes = limits.bytes;
  loop.gather_reports = options_.settings.rpc.gather_reports;
  loop.gather_full_at = options_.settings.rpc.gather_full_at;
  loop_ = std::make_unique<CoreLoop>(*scheduler_, *clock_, *journal_port_, *committer_, loop);
  loop_->PlanMaintenance(options_.settings.maintenance);
}

Status Daemon::StartServer(rpc::SignFn sign) {
  rpc::ServerSettings settings;
  settings.rpc = options_.settings.rpc;
  settings.policy = options_.settings.core.authority;
  settings.policy.cluster_uid = geteuid();
  settings.spec_limits = options_.settings.core.spec_limits;
  settings.facts = {options_.home, BSUB_VERSION, getpid(), WallNow()};
  settings.socket_path = options_.home + "/run/scheduler.sock";
  settings.spool_directory = options_.home + "/spool/output";
  settings.tcp = options_.tcp;
  server_ = std::make_unique<rpc::SchedulerServer>(
      std::move(settings),
      rpc::ServerPorts{
          .core = *loop_,
          .history = *history_,
          .payloads = *payloads_,
          .sign = std::move(sign),
          .journal_status = [this](auto& status, auto& warnings) { FillJournalStatus(status, warnings); },
          .shut_down = [this](bool stop_tasks) { ShutDown(stop_tasks); }});
  server_->Load(scheduler_->state());
  loop_->Start(journal::FormatUuid(journal_->cluster()), recovery_.lift_counters_by);
  BSUB_RETURN_IF_ERROR(server_->Listen(journal::FormatUuid(journal_->cluster())));
  for (const std::string& warning : server_->token_warnings())
    Log(LogLevel::kWarning, {{"event", "token-of-nobody"}, {"text", warning}});
  if (server_->tcp_port() != 0 && options_.tcp->tls_key_file.empty()) {
    Log(LogLevel::kWarning, {{"event", "tcp-without-tls"},
                             {"text",
                              "tokens cross the network in the clear: give --tls-cert and --tls-key "
                              "unless " +
                                  options_.tcp->address + " is reached from this machine only"}});
  }
  return WritePort();
}

Status Daemon::WritePort() {
  const std::string path = options_.home + "/run/scheduler.port";
  unlink(path.c_str());
  if (server_->tcp_port() == 0) return OkStatus();
  const std::string temporary = path + ".tmp";
  std::ofstream(temporary) << server_->tcp_port() << '\n';
  if (rename(temporary.c_str(), path.c_str()) == 0) return OkStatus();
  return Unavailable("cannot write " + path + ": " + std::strerror(errno));
}

void Daemon::FillJournalStatus(v1::JournalStatus& status, std::vector<std::string>& warnings) const {
  const journal::JournalFacts facts = journal_->Facts();
  status.set_sequence(facts.last_sequence);
  status.set_directory(ToUtf8(journal_->directory()));
  status.set_segment_count(facts.segment_count);
  status.set_bytes(facts.bytes);
  status.set_snapshot_sequence(facts.snapshot_sequence);
  if (const std::string clock = ExplainWallAhead(clock_->WallAhead()); !clock.empty())
    warnings.push_back(clock);
  if (const auto trouble = journal_port_->Trouble()) warnings.push_back(*trouble);
  if (recovery_.dropped_tail) status.set_recovered(ToUtf8(journal::Describe(*recovery_.dropped_tail)));
  warnings.insert(warnings.end(), recovery_.warnings.begin(), recovery_.warnings.end());
}

void Daemon::ShutDown(bool stop_tasks) {
  if (shutting_down_.exchange(true)) return;
  Log(LogLevel::kInfo, {{"event", "shutdown-asked"}, {"stop_tasks", stop_tasks ? "yes" : "no"}});
  if (!stop_tasks) return stop_asked_();
  const Principal by = rpc::LocalPrincipal(geteuid(), getegid(), {});
  StopAllTasks(*loop_, server_->timers(), by, options_.settings.stop_tasks_timeout, stop_asked_);
}

void Daemon::JournalFailed(const Error& error) {
  Log(LogLevel::kError,
      {{"event", "journal-failed"},
       {"error", error.message},
       {"next",
        "nothing that was not durable has been said; free space or repair the disk and start again"}});
  _exit(kExitJournalFailed);
}

void Daemon::Stop() {
  if (std::exchange(stopped_, true)) return;
  // In this order: nothing new comes in, what was taken is decided, made durable and answered, then all is
  // closed.
  if (server_) server_->BeginStop();
  if (loop_) loop_->Stop();
  if (committer_) committer_->Stop();
  if (server_) server_->Stop();
  if (history_) history_->Stop();
  unlink((options_.home + "/run/scheduler.port").c_str());
}

}  // namespace bsub::daemon
