// A stand-in for the node's agent: keeps the node's books, registers them with the scheduler and carries
// orders and reports between scheduler and spawner.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "sim/messages.h"
#include "sim/model.h"

namespace bsub::sim {

// What an agent can do to the world. Calls may come from inside any of its functions.
class AgentHost {
 public:
  virtual ~AgentHost() = default;
  virtual void ToScheduler(FromNode message) = 0;
  virtual void OrderSpawner(ToSpawner message) = 0;
  virtual void OpenStream() = 0;  // after a while; answered by StreamOpened
  virtual void CloseStream() = 0;
};

class Agent {
 public:
  virtual ~Agent() = default;
  virtual void FromSpawnerArrived(const FromSpawner& message) = 0;
  virtual void SpawnerGone() = 0;
  virtual void StreamOpened() = 0;
  virtual void StreamGone() = 0;
  virtual void FromSchedulerArrived(const ToNode& message) = 0;
};

class AgentModel : public Agent {
 public:
  AgentModel(Model& model, AgentHost& host, sched::NodeDescription description)
      : model_(model), host_(host), description_(std::move(description)) {}

  void FromSpawnerArrived(const FromSpawner& message) override;
  void SpawnerGone() override;
  void StreamOpened() override;
  void StreamGone() override;
  void FromSchedulerArrived(const ToNode& message) override;

 private:
  void On(const SpawnerHello& m);
  void On(const sched::NodeTask& m);
  void On(const sched::AcceptNode& m);
  void On(const sched::RefuseNode& m);
  void On(const sched::LaunchTask& m);
  void On(const sched::StopTask& m);
  void On(const sched::AckEnded& m);
  void On(const Heartbeat& m);
  void Report(const sched::NodeTask& task);

  struct Entry {
    sched::NodeTask task;
    bool told_started = false;  // on this stream
    bool told_ended = false;
  };

  Model& model_;
  AgentHost& host_;
  sched::NodeDescription description_;
  bool have_spawner_ = false;
  bool stream_open_ = false;
  NodeId node_;
  Incarnation incarnation_;  // unset until accepted on this stream
  std::map<sched::AttemptRef, Entry> tasks_;
};

}  // namespace bsub::sim
