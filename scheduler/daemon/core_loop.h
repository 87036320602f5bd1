// The one thread that owns the scheduler's core, and the queue in front of it.
//
// A round takes what is queued (up to a bound), lets the core decide each input, runs a scheduling cycle if
// one is wanted, and hands entries and messages to the committer. Nobody hears anything before the committer
// says it is durable; reads wait for the batch that holds what they saw. Reports of tasks may wait a little
// for others, so that a busy cluster has fewer and larger rounds; anything else is taken at once, and they
// with it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "common/pace.h"
#include "common/result.h"
#include "scheduler/core/scheduler.h"
#include "scheduler/daemon/committer.h"
#include "scheduler/daemon/slewed_clock.h"
#include "scheduler/rpc/core_port.h"

namespace bsub::daemon {

using Pace = PaceOf<std::chrono::steady_clock>;

struct CoreLoopSettings {
  std::size_t max_queued = 20'000;  // requests waiting for the core; more are told to try again
  std::size_t max_inputs_per_round = 500;
  std::uint32_t max_placements_per_cycle = 1000;
  // A round's batch goes to the committer early once it is so large. Setting: journal.max_batch_bytes.
  std::uint64_t max_batch_bytes = std::uint64_t{16} << 20;
  // So far ahead it knows of maintenance. Setting: loop.maintenance_ahead.
  Duration maintenance_ahead = std::chrono::hours(24 * 60);
  Duration longest_sleep = std::chrono::seconds(60);  // without a look at the clock: it may be set meanwhile
  // Reports of tasks may wait for others (common/pace.h). Settings: rpc.gather_reports, rpc.gather_full_at.
  Duration gather_reports{};
  std::uint32_t gather_full_at = 1;
};

class CoreLoop final : public rpc::CorePort {
 public:
  CoreLoop(sched::Scheduler& scheduler, SlewedClock& clock, JournalPort& journal, Committer& committer,
           CoreLoopSettings settings);
  ~CoreLoop() override;

  // What closes nodes for maintenance from `now` until `to`. Before Start; the core is told again as time
  // passes.
  using MaintenancePlan = std::function<std::vector<sched::NodesClosed>(TimePoint now, TimePoint to)>;
  void PlanMaintenance(MaintenancePlan plan) { maintenance_ = std::move(plan); }

  // Hands Started to the core and begins to take inputs.
  void Start(const std::string& cluster_uuid_if_new, std::uint64_t lift_counters_by = 0);
  // Starts no more tasks; everything else goes on.
  void StopDispatching();
  // Refuses new inputs, decides what was queued, and returns when the last entry is with the committer.
  void Stop();

  Status Decide(rpc::DecideFn decide, std::vector<rpc::StagedPayload> payloads, rpc::ReplyFn done) override;
  Status Read(rpc::ReadFn read) override;
  void SendFromNode(sched::InputBody input) override;
  void SendAllFromNode(std::vector<sched::InputBody> inputs) override;

 private:
  struct Request {
    rpc::DecideFn decide;
    std::vector<rpc::StagedPayload> payloads;
    rpc::ReplyFn done;
  };
  using Item = std::variant<Request, rpc::ReadFn, sched::InputBody>;

  Status Push(Item item);
  bool Enqueue(Item item);
  Pace::Clock::time_point DueOf(const Item& item) const;
  bool MayRunCycle() const;
  void Run();
  std::vector<Item> NextItems();
  void Round(std::vector<Item> items);
  void Process(Request& request, Batch& batch);
  void CountLive();
  void Process(const rpc::ReadFn& read, Batch& batch);
  void Process(sched::InputBody& input, Batch& batch);
  void Handle(sched::InputBody body, Batch& batch);
  void Release(sched::Message message, Batch& batch);
  void RunDueWork(Batch& batch);
  void TellMaintenance(Batch& batch);
  TimePoint Now();

  sched::Scheduler& scheduler_;
  SlewedClock& clock_;
  JournalPort& journal_;
  Committer& committer_;
  const CoreLoopSettings settings_;

  // The core's thread.
  std::map<sched::ReplyTo, rpc::ReplyFn> waiting_;
  std::uint64_t next_reply_ = 1;
  TimePoint wake_at_ = TimePoint::Max();
  TimePoint last_tick_;
  MaintenancePlan maintenance_;
  TimePoint maintenance_told_;
  bool cycle_wanted_ = false;
  std::uint64_t hash_recorded_for_ = 0;  // the journal's last wish that was served

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  std::size_t queued_requests_ = 0;  // of these, what clients sent
  Pace pace_;
  std::size_t live_tasks_ = 0;                                    // at the last look
  Pace::Clock::time_point due_ = Pace::Clock::time_point::max();  // of the queue
  Pace::Clock::time_point sleeps_until_ =
      Pace::Clock::time_point::min();  // the core's thread; min: it is awake
  bool dispatching_ = true;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bsub::daemon
