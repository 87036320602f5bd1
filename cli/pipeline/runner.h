// Carries a plan out: submits and requeues in the order of the steps, then watches until nothing is under
// way, telling a Reporter what happens. Knows no clock and no signals: the caller's `pause` waits and says
// whether to go on.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/pipeline/cluster.h"
#include "cli/pipeline/plan.h"
#include "cli/pipeline/progress.h"
#include "cli/pipeline/reporter.h"

namespace bsub::cli {

struct RunSettings {
  Duration poll_first = std::chrono::milliseconds(50);  // between two looks at the cluster, growing to
  Duration poll_last = std::chrono::seconds(1);
  Duration patience = std::chrono::minutes(2);  // with a scheduler that does not answer
  int log_lines = 20;                           // shown of a failed task
  std::size_t failures_shown = 5;               // with their log; further ones are counted
};

enum class RunOutcome { kSucceeded, kFailed, kInterrupted };

class PipelineRunner {
 public:
  // Waits that long; false: the user wants to leave.
  using Pause = std::function<bool(Duration)>;

  PipelineRunner(const Pipeline& pipeline, Plan plan, PipelineKey key, PipelineCluster& cluster,
                 Reporter& reporter, RunSettings settings = {});

  // After an error, the steps before it are under way; a repeat of `run` goes on from there.
  Status Start();
  Result<RunOutcome> Watch(const Pause& pause);
  // The jobs that are not over, for --cancel-on-interrupt and for messages.
  std::vector<std::string> ActiveJobs() const;
  const std::vector<StepProgress>& progress() const { return progress_; }  // by position in the pipeline

 private:
  Status StartStep(const PlannedStep& planned);
  Status RequeueFailed(const PlannedStep& planned);
  Status Look();
  Status LookAtFailures(std::size_t position);
  StepState StateOf(std::size_t position) const;
  bool NotNeeded(std::size_t position) const;
  void TellChange(const PlannedStep& planned, const StepProgress& step) const;
  void TellFailure(const StepProgress& step, const FailedTask& task);
  bool AllOver() const;
  RunOutcome Outcome() const;

  const Pipeline& pipeline_;
  Plan plan_;
  PipelineKey key_;
  PipelineCluster& cluster_;
  Reporter& reporter_;
  RunSettings settings_;
  std::vector<std::uint64_t> job_of_;  // by position
  std::vector<StepProgress> progress_;
  std::vector<std::uint32_t> failed_seen_;  // how many failed tasks of a step are known
  std::vector<bool> ran_and_failed_;        // a task of it ran and failed, not only for what it needs
  std::set<std::string> told_;              // failed tasks that were reported
  std::size_t failures_told_ = 0;
};

}  // namespace bsub::cli
