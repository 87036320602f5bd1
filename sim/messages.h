// What travels between the scheduler, a node's agent and its spawner in the simulator. Mirrors
// api/bsub/v1/worker.proto and spawner.proto.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "scheduler/core/input.h"
#include "scheduler/core/message.h"

namespace bsub::sim {

struct Heartbeat {
  Incarnation incarnation;
  std::uint64_t count = 0;
  std::uint64_t answered = 0;
};
using ToNode = std::variant<sched::AcceptNode, sched::RefuseNode, sched::LaunchTask, sched::StopTask,
                            sched::NoticeTask, sched::StrikeNode, sched::AckEnded, Heartbeat>;

struct NodeReport {
  Incarnation incarnation;
  sched::NodeTask task;
};
struct HeartbeatAnswer {
  Incarnation incarnation;
  std::uint64_t count = 0;
};
// The stream is filled in where it arrives.
using FromNode = std::variant<sched::NodeHello, NodeReport, HeartbeatAnswer>;

struct StartTask {
  sched::AttemptRef attempt;
  Resources allocated;
  std::vector<std::int32_t> gpus;
};
struct StopOrder {
  sched::AttemptRef attempt;
  Duration grace{};
};
struct NoticeOrder {
  sched::AttemptRef attempt;
};
struct Forget {
  sched::AttemptRef attempt;
};
struct RenewLease {
  TimePoint ends;
  bool kill_on_loss = false;
};
using ToSpawner = std::variant<StartTask, StopOrder, NoticeOrder, Forget, RenewLease>;

// First message to a new agent: who the spawner is and all it has.
struct SpawnerHello {
  std::string spawner_id;
  std::string boot_id;
  std::vector<sched::NodeTask> tasks;
};
using FromSpawner = std::variant<SpawnerHello, sched::NodeTask>;

}  // namespace bsub::sim
