// What people do in a run: jobs of all kinds, dependencies on what came before, and second thoughts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/job_spec.h"
#include "sim/client_model.h"
#include "sim/model.h"
#include "sim/node_model.h"

namespace bsub::sim {

inline constexpr std::uint32_t kAdminUid = 500;
Principal Admin();

class Workload {
 public:
  Workload(Model& model, ClientModel& clients, std::vector<std::unique_ptr<NodeModel>>& nodes);

  // Queues, and the first jobs.
  void Begin();
  // One thing that somebody does.
  void Act();
  // Everything that holds work back is taken away, so that all that can end will.
  void LetGo();
  // The node is to be taken away: a drill, or a drain with a deadline.
  void NoticeNode(const NodeModel& node, Duration in);

 private:
  void SubmitOne();
  void MakeGang(JobSettings& settings);
  PlacementSpec MakePlacement(std::uint32_t nodes);
  void ControlOne();
  void ChangeQueue();
  void ChangeNode();
  void ChangeReservation();
  void ChangeDefinition();

  std::shared_ptr<JobSettings> MakeSettings();
  std::optional<ArraySpec> MakeArray();
  void AddExpression(Dependency& dependency, const JobSpec& spec, int depth);
  DependencyNode MakeCondition(const JobSpec& spec);
  sched::Queue MakeQueue(const std::string& name);
  Principal AnyUser();
  JobId AnyJob();

  Model& model_;
  ClientModel& clients_;
  std::vector<std::unique_ptr<NodeModel>>& nodes_;
  std::uint64_t next_token_ = 1;
};

}  // namespace bsub::sim
