// The scheduler's process around the core, as the daemon is: a clock, the journal with its batches, messages
// that wait until their entries are durable, and crashes at each step of that.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/core/scheduler.h"
#include "sim/journal_model.h"
#include "sim/model.h"
#include "sim/network.h"

namespace bsub::sim {

// A client's request as it arrives, and where the answer goes.
struct Call {
  sched::InputBody body;
  std::function<void(const Result<sched::ReplyBody>&)> answer;
};

class SchedulerHost : public SchedulerEnd {
 public:
  SchedulerHost(Model& model, sched::Settings settings);

  void Boot();
  // It comes back by itself after a while.
  void Crash(const std::string& where, bool power_loss);
  bool up() const { return scheduler_ != nullptr; }
  // Of the present process; streams and answers belong to one.
  std::uint64_t process() const { return process_; }

  void Arrived(const Call& call);
  void Received(const StreamPtr& stream, const FromNode& message) override;
  void Closed(const StreamPtr& stream) override;
  StreamPtr Accept(NodeEnd& node);

  // Nothing is under way to the disk or held back for it.
  bool Quiet() const { return pending_.empty() && !syncing_ && journal_.durable() == journal_.last(); }
  std::uint64_t JournalHash() const { return journal_.Hash(); }

  std::uint64_t steps() const { return steps_; }
  // Null while it is down.
  const sched::Scheduler* scheduler() const { return scheduler_.get(); }
  TimePoint Clock() const;

 private:
  struct Pending {
    std::uint64_t needs = 0;  // durable before these may leave
    std::vector<sched::Message> messages;
  };

  void Handle(sched::InputBody body);
  void Check(const std::string& what);
  void Plan(const sched::Outcome& outcome);
  void StartSync();
  void SyncDone(std::uint64_t target);
  void Release();
  void Deliver(const sched::Message& message);
  void On(const sched::Reply& m);
  void On(const sched::AcceptNode& m);
  void On(const sched::RefuseNode& m);
  template <typename T>
  void ToNodeStream(const T& m);
  void SendHeartbeats();
  bool CrashesHere(const std::string& where);

  std::unique_ptr<sched::Scheduler> Recover();
  std::unique_ptr<sched::Scheduler> FromSnapshot(std::uint64_t& applied);
  void MaybeSnapshot();

  // Runs later, unless the process has died by then.
  void Later(Duration delay, std::function<void()> run);

  Model& model_;
  const sched::Settings settings_;
  JournalModel journal_;
  std::unique_ptr<sched::Scheduler> scheduler_;
  std::uint64_t process_ = 0;
  std::uint64_t steps_ = 0;

  // Gone with the process.
  TimePoint clock_at_start_;
  TimePoint started_;
  std::deque<Pending> pending_;
  bool syncing_ = false;
  bool cycle_planned_ = false;
  std::uint64_t wake_serial_ = 0;
  std::map<sched::StreamId, StreamPtr> streams_;
  std::map<NodeId, sched::StreamId> by_node_;
  std::map<sched::ReplyTo, std::function<void(const Result<sched::ReplyBody>&)>> answers_;
  std::uint64_t next_reply_ = 1;
  std::uint64_t next_stream_ = 1;
  std::uint64_t beats_ = 0;

  // On disk.
  std::optional<sched::State> snapshot_;
  std::uint64_t snapshot_at_ = 0;
};

}  // namespace bsub::sim
