// A worker node as the scheduler knows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "jobs/resources.h"

namespace bsub::sched {

// What happens to a node's tasks when it cannot reach the scheduler for a whole lease.
enum class OnLeaseLoss : std::uint8_t {
  kKeep,  // they go on; the node shows "contact lost" until it is back or a person declares it dead
  kKill,  // its spawner kills them by its own steady clock; the scheduler then gives them away
};

enum class NodeState : std::uint8_t {
  kUp,           // registered; after a scheduler restart it may still have to connect
  kContactLost,  // its stream broke and it may still be running tasks
  kDown,         // known to run nothing: it died, or was declared dead
};

// What a node says about itself when it registers.
struct NodeDescription {
  std::string name;
  std::string host;
  std::string boot_id;     // of the machine: a new one means that nothing of before survived
  std::string spawner_id;  // random, new for each spawner process
  std::string state_id;    // of the spawner's state directory; empty: not told
  std::string version;     // of the agent
  Resources total;
  bool interruptible = false;
  OnLeaseLoss on_lease_loss = OnLeaseLoss::kKeep;
  std::string address{};  // by which other nodes reach it; empty: not told
  friend bool operator==(const NodeDescription&, const NodeDescription&) = default;
};

// Why a node is to be taken away.
enum class NoticeKind : std::uint8_t {
  kInterruption,  // its provider wants it back
  kDrain,         // a person wants it empty
  kDrill,
  kPreempted,  // of an attempt alone: it makes room for a job of another queue
};
std::string_view ToString(NoticeKind kind);  // "interruption", as docs/formats/control-directory.md

// That the node is to be taken away. It takes no new work.
struct NodeNotice {
  TimePoint at;       // when it was told
  TimePoint ends_at;  // by then nothing may run there
  NoticeKind kind = NoticeKind::kInterruption;
  std::string by;  // principal, or where it came from
  std::string reason;
  friend bool operator==(const NodeNotice&, const NodeNotice&) = default;
};

struct Node {
  NodeId id;
  NodeDescription description;
  NodeState state = NodeState::kUp;
  Incarnation incarnation;
  bool drained = false;  // takes no new work
  std::string drained_by;
  std::string drain_reason;
  std::optional<NodeNotice> notice{};
  TimePoint registered_at;
  TimePoint state_since;
};

std::string_view ToString(NodeState state);

}  // namespace bsub::sched
