// A cluster in memory that does what a test tells it to, for plans and runs.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "cli/pipeline/cluster.h"

namespace bsub::cli {

class FakeCluster : public PipelineCluster {
 public:
  struct Job {
    std::uint64_t id = 0;
    StepLabel label;
    std::string dependency;
    TaskCounts counts;
    std::vector<FailedTask> failed;
  };

  Result<std::vector<StepJob>> FindJobs(const PipelineKey& key) override {
    std::vector<StepJob> out;
    for (const Job& job : jobs) out.push_back({job.id, job.label, job.counts});
    last_key = key;
    return out;
  }

  Result<std::vector<TaskCounts>> Counts(const std::vector<std::uint64_t>& ids) override {
    if (unreachable > 0) {
      --unreachable;
      return Unavailable("the scheduler cannot be reached");
    }
    std::vector<TaskCounts> out;
    for (const std::uint64_t id : ids) {
      if (jobs.empty()) return NotFound("no job " + std::to_string(id));
      out.push_back(Get(id).counts);
    }
    return out;
  }

  Result<std::uint64_t> Submit(const StepOrder& order) override {
    if (refuse_step == order.step->name) return InvalidArgument("queue 'x' does not exist");
    if (const auto known = tokens.find(order.token); known != tokens.end()) return known->second;
    Job job{
        .id = next_id++, .label = order.label, .dependency = order.dependency, .counts = {}, .failed = {}};
    job.counts.total = job.counts.waiting = order.step->tasks();
    jobs.push_back(job);
    tokens[order.token] = job.id;
    return job.id;
  }

  Result<std::vector<FailedTask>> FailedTasks(std::uint64_t id, std::uint32_t limit) override {
    std::vector<FailedTask> failed = Get(id).failed;
    if (limit != 0 && failed.size() > limit) failed.resize(limit);
    return failed;
  }

  Status Requeue(const std::vector<std::string>& targets) override {
    requeued.insert(requeued.end(), targets.begin(), targets.end());
    for (Job& job : jobs) {
      const auto is_requeued = [&](const FailedTask& task) {
        return std::find(targets.begin(), targets.end(), task.target) != targets.end();
      };
      const auto again = static_cast<std::uint32_t>(std::erase_if(job.failed, is_requeued));
      job.counts.failed -= again;
      job.counts.waiting += again;
    }
    return OkStatus();
  }

  Status Cancel(const std::vector<std::string>& targets, const std::string&) override {
    cancelled = targets;
    return OkStatus();
  }

  Result<std::string> LogTail(const std::string& target, int) override { return logs[target]; }

  Job& Get(std::uint64_t id) {
    return *std::find_if(jobs.begin(), jobs.end(), [&](const Job& job) { return job.id == id; });
  }
  Job& Of(const std::string& step) {  // the newest
    return *std::find_if(jobs.rbegin(), jobs.rend(), [&](const Job& job) { return job.label.step == step; });
  }

  void Run(const std::string& step) { Move(step, &TaskCounts::running); }
  void Succeed(const std::string& step) { Move(step, &TaskCounts::succeeded); }
  // All its tasks end for what it needs.
  void Block(const std::string& step) { Fail(step, Of(step).counts.total, true); }
  // `n` of its tasks fail, the others succeed.
  void Fail(const std::string& step, std::uint32_t n, bool dependency = false) {
    Job& job = Of(step);
    Move(step, &TaskCounts::succeeded);
    job.counts.succeeded -= n;
    job.counts.failed = n;
    for (std::uint32_t i = 1; i <= n; ++i) {
      FailedTask task{.target = std::to_string(job.id),
                      .index = {},
                      .dependency = dependency,
                      .text = "exited with code 3"};
      if (job.counts.total > 1) {
        task.index = i;
        task.target += "[" + std::to_string(i) + "]";
      }
      job.failed.push_back(task);
    }
  }

  std::vector<Job> jobs;
  std::map<std::string, std::uint64_t> tokens;
  std::vector<std::string> requeued;
  std::vector<std::string> cancelled;
  std::map<std::string, std::string> logs;
  std::string refuse_step;
  int unreachable = 0;  // so many looks fail
  PipelineKey last_key;
  std::uint64_t next_id = 11;

 private:
  void Move(const std::string& step, std::uint32_t TaskCounts::*to) {
    Job& job = Of(step);
    const std::uint32_t total = job.counts.total;
    job.counts = {.total = total};
    job.counts.*to = total;
    job.failed.clear();
  }
};

}  // namespace bsub::cli
