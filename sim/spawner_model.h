// The parent of all tasks of a simulated machine: starts, stops and reaps them, remembers ends until they are
// acknowledged, and kills by its own clock when the lease is lost. Survives its agent.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/messages.h"
#include "sim/model.h"

namespace bsub::sim {

// What belongs to the machine, whatever runs on it.
class Machine {
 public:
  Machine(Model& model, std::string name) : name_(std::move(name)), model_(model) {}

  const std::string& name() const { return name_; }
  // Runs later, unless the machine was rebooted in between; not before it wakes if it is frozen.
  void Later(Duration delay, std::function<void()> run);
  bool frozen() const { return model_.events.now() < frozen_until_; }
  void Freeze(Duration how_long) { frozen_until_ = model_.events.now() + how_long; }
  void NewBoot() { ++boot_; }
  std::uint64_t boot() const { return boot_; }
  TimePoint wakes_at() const { return frozen_until_; }

 private:
  void RunOrWait(std::uint64_t boot, const std::function<void()>& run);

  const std::string name_;
  Model& model_;
  std::uint64_t boot_ = 1;
  TimePoint frozen_until_;
};

class SpawnerModel {
 public:
  SpawnerModel(Model& model, Machine& machine, Resources total)
      : model_(model), machine_(machine), total_(std::move(total)) {}

  // A new process: kills what its predecessor left, keeps the ends on record.
  void Boot();
  // Its tasks run on, until the next one kills them.
  void Crash();
  // The machine loses power: everything dies at once. `keep_record`: its disk survives.
  void PowerLoss(bool keep_record);
  bool up() const { return up_; }

  // One agent at a time; the newest connection counts.
  void Connect(std::function<void(const FromSpawner&)> agent);
  void Disconnect() { agent_ = nullptr; }
  void Receive(const ToSpawner& message);

  // Whatever it still has is killed before it can do anything: the lease and its grace are over.
  bool MustBeDead() const;
  // Before anything else after a sleep.
  void Woke();
  bool Idle() const { return tasks_.empty(); }
  void SetTotal(const Resources& total) { total_ = total; }
  std::size_t running() const;

 private:
  struct Task {
    Resources allocated;
    std::vector<std::int32_t> gpus;
    bool alive = false;
    sched::NodeTask status;
    std::uint64_t life = 0;  // tells the timers of one process from another's
    TimePoint started_at;
    bool noticed = false;
  };

  void On(const StartTask& m);
  void On(const StopOrder& m);
  void On(const NoticeOrder& m);
  void On(const Forget& m);
  void On(const RenewLease& m);

  void Exec(const sched::AttemptRef& attempt);
  void Die(const sched::AttemptRef& attempt, End end, bool remembered);
  void Stop(const sched::AttemptRef& attempt, Duration grace);
  void ArmLease();
  void CheckLease();
  void LoseLease();
  void KillUnwatched();
  End DrawEnd();
  void Tell(const sched::AttemptRef& attempt);
  void AfterIfAlive(const sched::AttemptRef& attempt, Duration delay, std::function<void()> run);

  Model& model_;
  Machine& machine_;
  Resources total_;
  bool up_ = false;
  std::uint64_t process_ = 0;
  std::uint64_t next_life_ = 1;
  std::function<void(const FromSpawner&)> agent_;
  std::map<sched::AttemptRef, Task> tasks_;
  TimePoint lease_ends_;  // unset: no lease that kills, or it is lost
  TimePoint kill_by_;     // the lease's end and its grace
  bool lease_lost_ = false;
};

}  // namespace bsub::sim
