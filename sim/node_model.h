// A simulated machine with its spawner and agent, and the faults that strike it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sim/agent_model.h"
#include "sim/model.h"
#include "sim/network.h"
#include "sim/pipe.h"
#include "sim/spawner_model.h"

namespace bsub::sim {

class NodeModel : public NodeEnd, public AgentHost {
 public:
  // Opens a stream to the scheduler, or null if it does not answer.
  using Dialler = std::function<StreamPtr(NodeEnd&)>;

  NodeModel(Model& model, sched::NodeDescription description, Dialler dialler);

  const std::string& name() const { return machine_.name(); }
  void PowerOn();
  bool powered() const { return powered_; }

  // Faults. Each mends itself after a while.
  void CrashAgent();
  void BreakSocket();  // between agent and spawner
  void CrashSpawner();
  void PowerLoss(Duration off_for);
  void Partition(Duration how_long);
  void Freeze(Duration how_long);
  void BreakStream();
  void Mend();  // at once

  bool Idle() const { return spawner_.Idle(); }

  void Received(const StreamPtr& stream, const ToNode& message) override;
  void Closed(const StreamPtr& stream) override;
  void ToScheduler(FromNode message) override;
  void OrderSpawner(ToSpawner message) override;
  void OpenStream() override;
  void CloseStream() override;
  void WakeAgent(TimePoint at) override;

 private:
  void StartAgent();
  void StartSpawner();
  void Link();
  void DropAgent();
  void DropSocket();
  void ToSpawnerArrived(std::uint64_t process, const ToSpawner& message);
  void FromSpawnerArrived(std::uint64_t socket, const FromSpawner& message);
  void TryDial();
  Duration Soon(Duration longest);

  Model& model_;
  Machine machine_;
  sched::NodeDescription description_;
  const Dialler dialler_;
  SpawnerModel spawner_;
  std::unique_ptr<AgentModel> agent_;
  std::uint64_t agent_process_ = 0;
  std::uint64_t spawner_process_ = 0;
  std::uint64_t socket_ = 0;
  // The socket between agent and spawner.
  std::shared_ptr<Pipe<ToSpawner>> orders_;
  std::shared_ptr<Pipe<FromSpawner>> reports_;
  TimePoint orders_done_;  // a new agent is served only after what its predecessor had sent
  StreamPtr stream_;
  std::uint64_t dial_ = 0;  // the newest wish to open a stream
  std::uint64_t wake_ = 0;  // the newest wish of the agent to be woken
  bool powered_ = false;
  TimePoint partitioned_until_;
};

}  // namespace bsub::sim
