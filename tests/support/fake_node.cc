#include "tests/support/fake_node.h"

namespace bsub::testing {

FakeNode::FakeNode(std::string name, const Resources& total) {
  description.host = name + ".example";
  description.state_id = name + "-state";
  description.boot_id = name + "-boot-1";
  description.spawner_id = name + "-spawner-1";
  description.version = "1";
  description.total = total;
  description.name = std::move(name);
}

sched::NodeHello FakeNode::Hello(sched::StreamId on) const {
  sched::NodeHello hello{on, description, {}};
  hello.lease_grace = lease_grace;
  for (const auto& [attempt, task] : tasks) {
    hello.tasks.push_back(
        {attempt, task.started, task.started ? 4242 : 0, task.ended, task.end, {}, task.node_fault});
  }
  return hello;
}

void FakeNode::Receive(const sched::LaunchTask& launch) {
  if (connected && launch.incarnation == incarnation) tasks.emplace(launch.attempt, FakeTask{});
}

void FakeNode::Receive(const sched::StopTask& stop) {
  const auto it = tasks.find(stop.attempt);
  if (connected && stop.incarnation == incarnation && it != tasks.end()) it->second.stop = stop.reason;
}

void FakeNode::Receive(const sched::AckEnded& ack) {
  if (connected && ack.incarnation == incarnation) tasks.erase(ack.attempt);
}

void FakeNode::Reboot() {
  description.boot_id = description.name + "-boot-" + std::to_string(++boots_);
  RestartSpawner();
}

void FakeNode::RestartSpawner() {
  description.spawner_id = description.name + "-spawner-" + std::to_string(++spawners_);
  tasks.clear();
}

}  // namespace bsub::testing
