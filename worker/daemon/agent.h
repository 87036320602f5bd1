// The agent: one thread that waits for the spawner, the scheduler, time and signals, asks NodeCore what
// follows, and does it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/result.h"
#include "worker/core/node_core.h"
#include "worker/daemon/log_reader.h"
#include "worker/daemon/settings.h"
#include "worker/daemon/spawner_link.h"
#include "worker/interruption/metadata_watch.h"
#include "worker/rpc/backoff.h"
#include "worker/rpc/mailbox.h"
#include "worker/rpc/scheduler_link.h"

namespace bsub::worker {

// Blocks what ends an agent, to be read by it. Before any thread is made: gRPC's would take the signals
// otherwise.
void PrepareSignals();

class Agent {
 public:
  explicit Agent(const AgentSettings& settings);
  ~Agent();

  // Until SIGTERM or SIGINT (success), or until the scheduler or the spawner refuses this node for good.
  Status Run();

 private:
  Status OpenSignals();
  void WaitForSomething();
  void OnSpawner();
  void OnScheduler();
  void OnTime();
  void TryConnectSpawner();
  void OpenStreamNow();
  void SendTails();
  Status WatchMetadata();
  void OnSignal();
  void OnMetadata();
  // This machine is to be taken away at `at`: the scheduler is told, now and whenever it accepts the node
  // anew. `action`: what happens to the machine then, if known.
  void BeginNotice(TimePoint at, std::string reason, std::string action = "");
  void TellOfNotice();
  void TellOfRebalance();
  // A drill.
  void OnStrike(const v1::Strike& strike);

  void Feed(InputBody body);
  void Do(const Message& message);
  void Act(const SayHello& hello);
  void Act(const ReportTask& report);
  void Act(const AnswerHeartbeat& answer);
  void Act(const StartTask& start) { spawner_.Send(start); }
  void Act(const StopTask& stop) { spawner_.Send(stop); }
  void Act(const NoticeTask& notice) { spawner_.Send(notice, notice_ ? notice_->action : ""); }
  void Act(const ForgetTask& forget) { spawner_.Send(forget); }
  void Act(const RenewLease& lease) { spawner_.Send(lease); }
  void Act(const OpenStream&);
  void Act(const CloseStream& close);
  void Act(const GiveUp& give_up);

  void LoadClusterUuid();
  void KeepClusterUuid(const std::string& uuid);

  AgentSettings settings_;
  NodeCore core_;
  Mailbox<LinkEvent> mailbox_;
  Mailbox<MetadataWatch::News> metadata_news_;
  std::unique_ptr<MetadataWatch> metadata_;  // null: nobody is asked
  SpawnerLink spawner_;
  SchedulerLink scheduler_;
  std::unique_ptr<LogReader> logs_;
  Backoff backoff_;
  UniqueFd signals_;
  std::string cluster_uuid_;
  std::uint64_t call_ = 0;        // the present one; 0: none
  TimePoint open_stream_at_;      // set: a stream is wanted then
  TimePoint connect_spawner_at_;  // while it is not connected
  TimePoint wake_at_ = TimePoint::Max();
  TimePoint tails_at_ = TimePoint::Max();  // when running tasks' output is sent next
  struct OwnNotice {
    TimePoint at;
    std::string reason;
    std::string action;
  };
  std::optional<OwnNotice> notice_;
  bool rebalance_ = false;  // EC2 recommends to leave, and the scheduler has not been told
  TimePoint cut_off_until_;
  bool leaving_ = false;  // ends when its tasks have, or at the notice's time
  bool ending_ = false;
  Status failure_;
};

}  // namespace bsub::worker
