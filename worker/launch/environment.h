// The environment of a task: the user's own, then what a job can learn about itself in our words, AWS Batch's
// and LSF's.
//
// Ours win over the user's of the same name, so that a job submitted from within a job does not see its
// parent's id.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/bsub/v1/launch.pb.h"
#include "worker/launch/mpi_environment.h"

namespace bsub::worker {

// Marks every process of a task, whatever session it moves to: NAME=state-id:attempt:incarnation.
inline constexpr std::string_view kMarkerName = "BSUB_ATTEMPT_KEY";

struct NodeFacts {
  std::string_view marker;         // value of kMarkerName
  std::string_view home;           // HOME where the user's environment has none; empty: leave it out
  const MpiFacts* mpi = nullptr;   // of a job that may start ranks on its nodes
  std::string_view control_dir{};  // empty: none
  std::string_view node_file{};    // path of the file of the attempt's nodes; empty: none
};

// What node_file holds (node_file.h).
std::string NodeFile(const v1::LaunchGang& gang);
// Whether the lists of its nodes fit into variables. Those that do not are left out.
bool HasShortLists(const v1::LaunchGang& gang);

// "NAME=VALUE" entries. Names of the user's environment keep their order.
std::vector<std::string> BuildEnvironment(const v1::Launch& launch, const NodeFacts& node);

}  // namespace bsub::worker
