// What `run` needs of a cluster, so that planning and watching are tested without one. cli/run_cluster.h is
// the real one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/pipeline/model.h"
#include "common/result.h"

namespace bsub::cli {

// Which jobs belong together: the pipeline's name and a hash of its file's canonical path.
struct PipelineKey {
  std::string name;
  std::string file;
};

// What `run` writes on each job, as tags.
struct StepLabel {
  std::string run;  // id of the run that made it
  std::string step;
  std::string work;        // digest of what the step does
  std::string definition;  // digest of that and of what it asks for
  std::string inputs;      // digest of the ids of the jobs it needs
};

struct TaskCounts {
  std::uint32_t total = 0;
  std::uint32_t waiting = 0;
  std::uint32_t running = 0;
  std::uint32_t succeeded = 0;
  std::uint32_t failed = 0;

  bool active() const { return waiting + running > 0; }
  bool all_succeeded() const { return total > 0 && succeeded == total; }
  friend bool operator==(const TaskCounts&, const TaskCounts&) = default;
};

struct StepJob {
  std::uint64_t id = 0;
  StepLabel label;
  TaskCounts counts;
};

struct FailedTask {
  std::string target;  // "12" or "12[3]"
  std::optional<std::uint32_t> index;
  bool dependency = false;  // it never ran: what it needed failed
  std::string text;         // "exited with code 3"
};

struct StepOrder {
  const Step* step = nullptr;
  PipelineKey pipeline;
  StepLabel label;
  std::string dependency;  // expression over job ids; empty: none
  std::string token;       // 16 bytes: the same order again is the same job
};

class PipelineCluster {
 public:
  virtual ~PipelineCluster() = default;
  // The caller's jobs of this pipeline, also finished ones, in ascending order of id.
  virtual Result<std::vector<StepJob>> FindJobs(const PipelineKey& key) = 0;
  // The counts of these jobs, in their order; NotFound if the cluster does not know one.
  virtual Result<std::vector<TaskCounts>> Counts(const std::vector<std::uint64_t>& jobs) = 0;
  virtual Result<std::uint64_t> Submit(const StepOrder& order) = 0;
  // The first `limit` failed tasks of a job (0: all), in order of index.
  virtual Result<std::vector<FailedTask>> FailedTasks(std::uint64_t job, std::uint32_t limit) = 0;
  virtual Status Requeue(const std::vector<std::string>& targets) = 0;
  virtual Status Cancel(const std::vector<std::string>& targets, const std::string& reason) = 0;
  // The last lines of what a task wrote to standard output and error.
  virtual Result<std::string> LogTail(const std::string& target, int lines) = 0;
};

}  // namespace bsub::cli
