// A node's agent process: the real worker::NodeCore, and around it what worker/daemon/agent.cc does, with
// simulated sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "sim/messages.h"
#include "sim/model.h"
#include "worker/core/node_core.h"

namespace bsub::sim {

// What an agent can do to the world. Calls may come from inside any of its functions.
class AgentHost {
 public:
  virtual ~AgentHost() = default;
  virtual void ToScheduler(FromNode message) = 0;
  virtual void OrderSpawner(ToSpawner message) = 0;
  virtual void OpenStream() = 0;  // after a while; answered by StreamOpened
  virtual void CloseStream() = 0;
  virtual void WakeAgent(TimePoint at) = 0;  // replaces what was asked before
};

class AgentModel {
 public:
  AgentModel(Model& model, AgentHost& host, sched::NodeDescription description);

  void FromSpawnerArrived(const FromSpawner& message);
  void SpawnerGone() { Feed(worker::SpawnerDown{}); }
  void StreamOpened() { Feed(worker::StreamOpened{}); }
  void StreamGone() { Feed(worker::StreamClosed{"gone"}); }
  void FromSchedulerArrived(const ToNode& message);
  void Tick() { Feed(worker::Tick{}); }

 private:
  void Feed(worker::InputBody body);

  void Hear(const SpawnerHello& m);
  void Hear(const sched::NodeTask& m);
  void Hear(const sched::AcceptNode& m);
  void Hear(const sched::RefuseNode& m);
  void Hear(const sched::LaunchTask& m);
  void Hear(const sched::StopTask& m);
  void Hear(const sched::NoticeTask& m);
  void Hear(const sched::StrikeNode&) {}  // the simulator strikes by itself
  void Hear(const sched::AckEnded& m);
  void Hear(const Heartbeat& m);

  void Act(const worker::SayHello& m);
  void Act(const worker::ReportTask& m);
  void Act(const worker::AnswerHeartbeat& m);
  void Act(const worker::StartTask& m);
  void Act(const worker::StopTask& m);
  void Act(const worker::NoticeTask& m);
  void Act(const worker::ForgetTask& m);
  void Act(const worker::RenewLease& m);
  void Act(const worker::OpenStream& m);
  void Act(const worker::CloseStream& m);
  void Act(const worker::GiveUp& m);

  Model& model_;
  AgentHost& host_;
  const sched::NodeDescription description_;
  worker::NodeCore core_;
  // What the opaque bytes of a launch stand for.
  std::map<std::string, StartTask> launches_;
};

}  // namespace bsub::sim
