#include "cli/drill_run.h"

#include <algorithm>
#include <ostream>
#include <queue>
#include <set>

#include "cli/moments.h"
#include "cli/stream.h"

namespace bsub::cli {
namespace {

constexpr Duration kLook = std::chrono::milliseconds(200);  // how often it is looked whether all is back

Result<std::vector<api::Job>> ListJobs(Client& client, bool finished) {
  api::ListJobsRequest request;
  request.set_include_finished(finished);
  request.set_children(true);
  Stream<api::Job> stream(client.NewContext(),
                          [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
                            return client.stub().PrepareAsyncListJobs(context, request, queue);
                          });
  std::vector<api::Job> jobs;
  api::Job job;
  while (true) {
    const Next next = stream.Read(&job, client.address().patience);
    if (next == Next::kMessage) {
      jobs.push_back(std::move(job));
    } else if (next == Next::kQuiet) {
      return client.ErrorFrom(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, ""));
    } else {
      if (!stream.status().ok()) return client.ErrorFrom(stream.status());
      return jobs;
    }
  }
}

// One thing to do at a time; a spot strike is a notice, and later a kill.
struct Step {
  std::int64_t at_us = 0;
  std::string action;
  std::string node;
  Duration time{};
  std::size_t strike = 0;  // its place among those that are told in the report
  friend bool operator<(const Step& a, const Step& b) {
    return a.at_us != b.at_us ? a.at_us > b.at_us : a.strike > b.strike;  // the earliest on top
  }
};

class Drill {
 public:
  Drill(Context& context, Client& client, const DrillOrder& order, const Interrupts& interrupts)
      : context_(context), client_(client), order_(order), interrupts_(interrupts) {}

  Result<DrillFacts> Run() {
    BSUB_ASSIGN_OR_RETURN(const std::vector<api::Job> before, ListJobs(client_, false));
    std::set<std::uint64_t> ids;
    for (const api::Job& job : before) ids.insert(job.id());
    facts_.jobs_before.assign(ids.begin(), ids.end());
    facts_.node_look_us = order_.node_look.count();
    facts_.on_demand_price = order_.on_demand_price;
    facts_.spot_price = order_.spot_price;
    facts_.began_at_us = NowMicros();
    Plan();
    Strikes();
    GiveBack();
    AwaitNodes();
    AwaitJobs();
    facts_.ended_at_us = NowMicros();
    BSUB_RETURN_IF_ERROR(Gather());
    return std::move(facts_);
  }

 private:
  void Plan() {
    for (const Strike& strike : order_.strikes) {
      const std::size_t number = facts_.strikes.size();
      facts_.strikes.push_back({strike, 0, ""});
      const std::int64_t at = facts_.began_at_us + strike.at.count();
      const bool spot = strike.kind == StrikeKind::kSpot;
      steps_.push(
          {at, spot ? "notice" : std::string(ToString(strike.kind)), strike.node, strike.time, number});
      if (spot) steps_.push({at + strike.time.count(), "kill", strike.node, {}, number});
    }
  }

  // False: Ctrl-C.
  bool WaitUntil(std::int64_t at_us) {
    const std::int64_t left = at_us - NowMicros();
    return left <= 0 || interrupts_.Wait(Duration(left));
  }

  void Strikes() {
    const std::int64_t end = facts_.began_at_us + order_.length.count();
    while (!steps_.empty()) {
      const Step step = steps_.top();
      // What has been noticed is also taken, though the drill's time is over.
      const bool begins = facts_.strikes[step.strike].at_us == 0;
      if (begins && step.at_us >= end) break;
      if (!WaitUntil(step.at_us)) return Stopped();
      steps_.pop();
      Do(step);
    }
    if (!WaitUntil(end)) Stopped();
  }

  void Stopped() { context_.err << "Interrupted; the drill ends here." << std::endl; }

  void Do(const Step& step) {
    DoneStrike& done = facts_.strikes[step.strike];
    const bool begins = done.at_us == 0;
    if (!begins && !done.refused.empty()) return;
    api::SetNodeRequest request;
    request.set_name(step.node);
    request.set_action(step.action);
    request.set_reason("drill");
    if (step.action != "kill") request.set_deadline_us(step.time.count());
    api::Empty reply;
    const Status status = client_.Call(&api::Scheduler::Stub::SetNode, request, &reply);
    if (begins) done.at_us = NowMicros();
    if (!status) done.refused = status.error().message;
    if (step.action == "notice") noticed_.insert(step.node);
    if (step.action == "kill" && status) noticed_.erase(step.node);
    touched_.insert(step.node);
    context_.err << LocalTime(NowMicros()).substr(11) << " " << step.action << " " << step.node
                 << (status ? "" : ": " + status.error().message) << std::endl;
  }

  // Machines that were only said to go, or whose end Ctrl-C prevented; those that went come back as others.
  void GiveBack() {
    for (const std::string& node : noticed_) {
      api::SetNodeRequest request;
      request.set_name(node);
      request.set_action("resume");
      api::Empty reply;
      const Status status = client_.Call(&api::Scheduler::Stub::SetNode, request, &reply);
      if (!status) context_.err << "resume " << node << ": " << status.error().message << std::endl;
    }
  }

  std::vector<std::string> AwayNodes() {
    api::ListNodesReply reply;
    std::vector<std::string> away;
    if (!client_.Call(&api::Scheduler::Stub::ListNodes, api::ListNodesRequest(), &reply))
      return {touched_.begin(), touched_.end()};
    for (const api::Node& node : reply.nodes()) {
      if (touched_.contains(node.name()) && node.state() != "up") away.push_back(node.name());
    }
    return away;
  }

  void AwaitNodes() {
    const std::int64_t until = NowMicros() + order_.settle.count();
    facts_.silent_nodes = AwayNodes();
    while (!facts_.silent_nodes.empty() && NowMicros() < until && interrupts_.Wait(kLook))
      facts_.silent_nodes = AwayNodes();
  }

  // Until each interrupted job runs again or is over.
  void AwaitJobs() {
    const std::int64_t until = NowMicros() + order_.settle.count();
    while (NowMicros() < until && SomebodyWaits() && interrupts_.Wait(kLook)) {
    }
  }

  bool SomebodyWaits() {
    const auto jobs = ListJobs(client_, false);
    return jobs && std::any_of(jobs->begin(), jobs->end(), [](const api::Job& job) {
             return job.restart_count() > 0 && job.interruption_count() > 0 && job.state() != "RUNNING";
           });
  }

  // All that the drill may have touched.
  Status Gather() {
    api::ListNodesReply nodes;
    BSUB_RETURN_IF_ERROR(client_.Call(&api::Scheduler::Stub::ListNodes, api::ListNodesRequest(), &nodes));
    for (const api::Node& node : nodes.nodes()) facts_.node_cpu_milli[node.name()] = node.total().cpu_milli();
    BSUB_ASSIGN_OR_RETURN(const std::vector<api::Job> all, ListJobs(client_, true));
    for (const api::Job& listed : all) {
      const bool over_before = listed.finished_at_us() != 0 && listed.finished_at_us() < facts_.began_at_us;
      if (over_before) continue;
      api::GetJobRequest request;
      request.set_target(listed.display_id());
      BSUB_RETURN_IF_ERROR(client_.Call(&api::Scheduler::Stub::GetJob, request, &facts_.jobs.emplace_back()));
    }
    return OkStatus();
  }

  Context& context_;
  Client& client_;
  const DrillOrder& order_;
  const Interrupts& interrupts_;
  DrillFacts facts_;
  std::priority_queue<Step> steps_;
  std::set<std::string> noticed_;
  std::set<std::string> touched_;
};

}  // namespace

Result<DrillFacts> RunDrill(Context& context, Client& client, const DrillOrder& order,
                            const Interrupts& interrupts) {
  return Drill(context, client, order, interrupts).Run();
}

}  // namespace bsub::cli
