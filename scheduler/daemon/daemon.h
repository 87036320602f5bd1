// The scheduler as a process: opens the journal, wires core, disk and network together, and takes them apart
// again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/result.h"
#include "scheduler/core/scheduler.h"
#include "scheduler/daemon/committer.h"
#include "scheduler/daemon/core_loop.h"
#include "scheduler/daemon/disk_history.h"
#include "scheduler/daemon/disk_journal_port.h"
#include "scheduler/daemon/options.h"
#include "scheduler/daemon/payload_cache.h"
#include "scheduler/daemon/slewed_clock.h"
#include "scheduler/journal/posix_file_system.h"
#include "scheduler/rpc/scheduler_server.h"

namespace bsub::daemon {

class Daemon {
 public:
  // Ready to be asked when this returns success. `stop_asked` is called, from any thread, when a client wants
  // the daemon to end; Stop does it.
  static Result<std::unique_ptr<Daemon>> Start(Options options, std::function<void()> stop_asked);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Takes no more requests, makes durable and answers what was taken, and closes everything. Tasks go on.
  void Stop();

 private:
  Daemon(Options options, std::function<void()> stop_asked)
      : options_(std::move(options)), stop_asked_(std::move(stop_asked)) {}

  Status OpenJournal();
  Status OpenHistory();
  Result<rpc::SignFn> OpenLaunchKey();
  void StartLoop();
  Status StartServer(rpc::SignFn sign);
  Status WritePort();
  void FillJournalStatus(v1::JournalStatus& status, std::vector<std::string>& warnings) const;
  void ShutDown(bool stop_tasks);
  void StopTasks();
  [[noreturn]] void JournalFailed(const Error& error);

  const Options options_;
  const std::function<void()> stop_asked_;
  journal::PosixFileSystem files_;
  std::unique_ptr<journal::DiskJournal> journal_;
  std::unique_ptr<sched::Scheduler> scheduler_;
  journal::RecoveryReport recovery_;
  std::unique_ptr<DiskJournalPort> journal_port_;
  std::unique_ptr<PayloadCache> payloads_;
  std::unique_ptr<DiskHistory> history_;
  std::unique_ptr<SlewedClock> clock_;
  std::unique_ptr<rpc::SchedulerServer> server_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<CoreLoop> loop_;
  std::atomic<bool> shutting_down_ = false;
  bool stopped_ = false;
};

}  // namespace bsub::daemon
