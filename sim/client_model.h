// People and their programs: they submit until acknowledged, control jobs, and note what they were promised.
// Requests and answers get lost and repeated on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "jobs/job_spec.h"
#include "sim/model.h"
#include "sim/scheduler_host.h"

namespace bsub::sim {

class ClientModel {
 public:
  ClientModel(Model& model, SchedulerHost& scheduler) : model_(model), scheduler_(scheduler) {}

  // Sends until some answer comes.
  void Submit(Principal who, JobSpec spec);
  void Ask(sched::InputBody body);
  // Said once, at the scheduler's console; of no effect if it is down.
  void AskNow(sched::InputBody body);

  // Acknowledged jobs, in the order of their acknowledgement.
  const std::vector<JobId>& acknowledged() const { return acknowledged_; }
  // Calls that have no answer yet.
  std::size_t open() const { return open_; }

 private:
  struct Talk {
    sched::InputBody body;
    bool answered = false;
    std::function<void(const Result<sched::ReplyBody>&)> on_answer;
  };
  void Start(std::shared_ptr<Talk> talk);
  void Send(const std::shared_ptr<Talk>& talk);
  void Answered(const std::shared_ptr<Talk>& talk, const Result<sched::ReplyBody>& body);
  void Acknowledged(const SubmitToken& token, const Result<sched::ReplyBody>& body);
  Duration Travel();

  Model& model_;
  SchedulerHost& scheduler_;
  std::size_t open_ = 0;
  std::map<SubmitToken, JobId> promised_;
  std::vector<JobId> acknowledged_;
};

}  // namespace bsub::sim
