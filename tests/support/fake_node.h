// A worker node as the scheduler meets it: what it says about itself and the list of tasks it holds. It does
// nothing by itself; tests say when a task starts, ends, and when the node goes away and how it comes back.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/core/input.h"
#include "scheduler/core/message.h"

namespace bsub::testing {

struct FakeTask {
  bool started = false;
  bool ended = false;
  End end;
  sched::StopReason stop = sched::StopReason::kNone;  // what it was told
  bool node_fault = false;
};

class FakeNode {
 public:
  FakeNode(std::string name, const Resources& total);

  sched::NodeDescription description;
  sched::StreamId stream;  // while connected
  NodeId id;               // once accepted
  Incarnation incarnation;
  bool connected = false;
  std::map<sched::AttemptRef, FakeTask> tasks;
  std::optional<Duration> lease_grace;  // what it says

  // All the node can say about its tasks.
  sched::NodeHello Hello(sched::StreamId on) const;
  // Messages to this node; those of an older incarnation are refused, as the real one does.
  void Receive(const sched::LaunchTask& launch);
  void Receive(const sched::StopTask& stop);
  void Receive(const sched::AckEnded& ack);

  // What it means for a machine to come back as something new.
  void Reboot();          // nothing survives
  void RestartSpawner();  // kills what its predecessor left, then registers

 private:
  int boots_ = 1;
  int spawners_ = 1;
};

}  // namespace bsub::testing
