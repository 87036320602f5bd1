// The cluster that `run` works on, over gRPC. What `run` remembers between two calls is in tags of its jobs:
//   bsub:pipeline bsub:file            which pipeline
//   bsub:run bsub:step                 which run, which step
//   bsub:work bsub:definition bsub:inputs   digests (cli/pipeline/plan.h)
#pragma once

#include <string>
#include <vector>

#include "cli/client.h"
#include "cli/context.h"
#include "cli/pipeline/cluster.h"

namespace bsub::cli {

class GrpcPipelineCluster : public PipelineCluster {
 public:
  GrpcPipelineCluster(Client& client, const Context& context) : client_(client), context_(context) {}

  Result<std::vector<StepJob>> FindJobs(const PipelineKey& key) override;
  Result<std::vector<TaskCounts>> Counts(const std::vector<std::uint64_t>& jobs) override;
  Result<std::uint64_t> Submit(const StepOrder& order) override;
  Result<std::vector<FailedTask>> FailedTasks(std::uint64_t job, std::uint32_t limit) override;
  Status Requeue(const std::vector<std::string>& targets) override;
  Status Cancel(const std::vector<std::string>& targets, const std::string& reason) override;
  Result<std::string> LogTail(const std::string& target, int lines) override;

 private:
  Result<std::vector<api::Job>> List(const api::ListJobsRequest& request);
  Status Control(api::Action action, const std::vector<std::string>& targets, const std::string& reason);
  Result<std::string> ReadTail(const std::string& target, int lines, bool standard_error);

  Client& client_;
  const Context& context_;
};

// What is sent for a step; the token and everything else included.
Result<api::SubmitRequest> RequestFor(const StepOrder& order, const Context& context);

TaskCounts CountsOf(const api::Job& job);

}  // namespace bsub::cli
