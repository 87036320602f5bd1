// Puts a waiting task on nodes: the entry that says so, and the launch of each of its parts.
#include "scheduler/core/place_task.h"

#include <memory>
#include <utility>
#include <vector>

#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

// How its last attempt ended was no doing of the program's.
bool WasInterrupted(const Job& job, std::uint32_t ordinal) {
  const Task* task = FindTask(job, ordinal);
  if (!task || !task->last_end) return false;
  const End& end = task->last_end->end;
  const CheckpointSpec& checkpoint = job.spec.settings->checkpoint;
  return end.kind == EndKind::kNodeLost || end.kind == EndKind::kRequeued || checkpoint.SaidSaved(end) ||
         checkpoint.DiedOfNotice(end);
}

// What is fixed for every part of an attempt.
LaunchTask LaunchOf(const Job& job, const AttemptRef& ref) {
  LaunchTask launch;
  launch.attempt = ref;
  launch.settings = job.spec.settings;
  launch.job_name = job.spec.name;
  launch.command = job.spec.command;
  launch.array_index = IndexOf(job, ref.task.ordinal);
  launch.array_size = job.array ? job.size() : 0;
  launch.restart_count = ref.number - 1;
  launch.after_interruption = WasInterrupted(job, ref.task.ordinal);
  if (const Task* task = FindTask(job, ref.task.ordinal)) launch.saved_generation = task->saved_generation;
  return launch;
}

PlacedPart MakePart(const Turn& turn, const NodesRequest& request, NodeId node_id) {
  const NodeCapacity& capacity = turn.store.capacity();
  const Resources taken = request.TakenOf(capacity.Find(node_id)->total);
  return {node_id, turn.state().nodes.at(node_id).incarnation, taken,
          capacity.ChooseGpus(node_id, taken.gpus)};
}

void SendLaunch(Turn& turn, LaunchTask&& launch, PlacedPart part) {
  launch.node = part.node;
  launch.incarnation = part.incarnation;
  launch.allocated = part.allocated;
  launch.gpu_indices = std::move(part.gpu_indices);
  turn.Send(std::move(launch));
}

// Each part is told where all of them are.
void PlaceGang(Turn& turn, LaunchTask launch, PlacedPart main, std::vector<PlacedPart> others,
               const PlacementRecord* placement) {
  auto gang = std::make_shared<LaunchGang>();
  const auto add = [&](const PlacedPart& part) {
    const NodeDescription& node = turn.state().nodes.at(part.node).description;
    gang->nodes.push_back({node.name, node.address.empty() ? node.host : node.address});
  };
  add(main);
  for (const PlacedPart& part : others) add(part);
  if (placement) gang->partitions = placement->partitions;
  launch.gang = std::move(gang);
  const JobSettings& settings = *launch.settings;
  const PayloadHash common = launch.command;
  SendLaunch(turn, LaunchTask(launch), std::move(main));
  for (PlacedPart& part : others) {
    ++launch.part;
    launch.command = CommandOf(launch.part, common, settings.node_ranges);
    SendLaunch(turn, LaunchTask(launch), std::move(part));
  }
}

}  // namespace

void PlaceTask(Turn& turn, const Job& job, std::uint32_t ordinal, const ChosenNodes& chosen) {
  const std::vector<NodeId>& nodes = chosen.nodes;
  const NodesRequest request = RequestOf(*job.spec.settings);
  const AttemptRef ref{{job.id, ordinal}, AttemptsGiven(job, ordinal) + 1};
  LaunchTask launch = LaunchOf(job, ref);
  if (job.spec.settings->checkpoint.used()) launch.mean_interruption = MeanInterruption(turn, nodes);
  launch.command = CommandOf(kMainPart, launch.command, job.spec.settings->node_ranges);
  PlacedPart main = MakePart(turn, request, nodes.front());
  std::vector<PlacedPart> others;
  for (std::size_t i = 1; i < nodes.size(); ++i) others.push_back(MakePart(turn, request, nodes[i]));
  turn.Record(AttemptPlaced{ref, main.node, main.incarnation, main.allocated, main.gpu_indices, others,
                            chosen.placement});
  if (job.spec.settings->gang.plain()) return SendLaunch(turn, std::move(launch), std::move(main));
  PlaceGang(turn, std::move(launch), std::move(main), std::move(others), chosen.placement.get());
}

}  // namespace bsub::sched
