// What `run` is going to do about each step, given what the cluster already knows of this pipeline: use the
// result of a job that succeeded, join one that is under way, run the failed tasks of one again, or submit a
// new one.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "cli/pipeline/cluster.h"
#include "cli/pipeline/model.h"
#include "common/result.h"

namespace bsub::cli {

enum class StepAction {
  kReuse,    // all its tasks succeeded already
  kJoin,     // its job is waiting or running
  kRequeue,  // its failed tasks run again, under the same id
  kSubmit,
};

struct PlannedStep {
  std::size_t step = 0;  // position in the pipeline
  StepAction action = StepAction::kSubmit;
  std::uint64_t job = 0;  // with kSubmit: the one it takes the place of, or 0
  TaskCounts counts{};    // of that job
  std::string why{};      // in a few words, for people
};

struct Plan {
  std::string run;                 // id
  std::vector<PlannedStep> steps;  // in the order of the work
  bool continues = false;          // an earlier run
};

struct PlanRequest {
  bool fresh = false;             // nothing of before counts
  std::set<std::string> again{};  // these steps, and so what needs them, run again
  std::string new_run_id{};       // for a run that does not continue another
};

// Refuses (FailedPrecondition) when a step would have to start while its earlier job is still under way.
Result<Plan> MakePlan(const Pipeline& pipeline, const std::vector<std::size_t>& order,
                      const std::vector<StepJob>& known, const PlanRequest& request);

std::string WorkDigest(const Step& step);
std::string DefinitionDigest(const Step& step);
// Of the jobs of the steps that `step` needs; `job_of` by position.
std::string InputsDigest(const Step& step, const std::vector<std::uint64_t>& job_of);

// 'done(4[*]) && ended(2)'.
std::string DependencyText(const Step& step, const std::vector<std::uint64_t>& job_of);

// 16 bytes from the run, the step, its digests and the job it takes the place of.
std::string OrderToken(const StepLabel& label, std::uint64_t replaces);

}  // namespace bsub::cli
