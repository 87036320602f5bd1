#include "bench/placement/running_cluster.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "jobs/text.h"

namespace bsub::placement {
namespace {

using JobJson = nlohmann::json;

constexpr int kWaitTimedOut = 124;  // of `bsub-lite wait`; docs/cli.md, "Exit codes"

Error FailedJob(const std::string& name, const std::string& job, const std::string& why) {
  return FailedPrecondition("job " + job + " (" + name + ") " + why + "; bsub-lite job " + job +
                            " and bsub-lite logs " + job + " say more");
}

// What `bsub-lite job ID --json` printed.
Result<JobJson> ReadJob(const std::string& text, const std::string& job) {
  JobJson json = JobJson::parse(text, nullptr, false);
  if (!json.is_object()) return DataLoss("bsub-lite job " + job + " --json printed no object");
  return json;
}

}  // namespace

Result<RunningCluster> RunningCluster::Make(const sched::Topology& topology, const Options& options,
                                            std::string directory, const cli::Interrupts& interrupts) {
  RunningCluster cluster(topology, options, std::move(directory), interrupts);
  BSUB_ASSIGN_OR_RETURN(const std::string programs, OwnDirectory());
  cluster.bsub_ = programs + "/bsub-lite";
  cluster.netbench_ = programs + "/netbench";
  for (const std::string& program : {cluster.bsub_, cluster.netbench_}) {
    if (access(program.c_str(), X_OK) != 0)
      return FailedPrecondition(program + " is missing; it belongs beside bsub-lite-bench");
  }
  return cluster;
}

ChildRun RunningCluster::Command(const std::string& name, const std::string& file,
                                 std::vector<std::string> words) const {
  const std::string here = directory_ + "/" + name + "/";
  words.insert(words.begin(), bsub_);
  return {.words = std::move(words), .output = here + file, .errors = here + file + ".errors"};
}

Result<std::string> RunningCluster::Output(const std::string& name, const std::string& file,
                                           std::vector<std::string> words) const {
  const ChildRun child = Command(name, file, std::move(words));
  BSUB_RETURN_IF_ERROR(RunChild(child, interrupts_));
  return ReadFile(child.output);
}

Result<std::string> RunningCluster::Submit(const std::string& name,
                                           const sched::PlacementRequest& request) const {
  ChildRun submit = Command(
      name, "submitted",
      {"submit", "--quiet", "--mpi", "--nodes", std::to_string(request.nodes), "--ranks-per-node",
       std::to_string(options_->ranks_per_node), "--placement", NameOf(request) + ":preferred", "--name",
       "netbench-" + name, "--", netbench_, "--repeat", std::to_string(options_->repetitions)});
  submit.finishes = true;  // it may have been accepted, and then its id is needed
  const Status submitted = RunChild(submit, interrupts_);
  auto id = ReadFile(submit.output);
  if (id) std::erase(*id, '\n');
  if (submitted) return id;
  const bool accepted = submitted.error().code == Code::kCancelled && id && !id->empty();
  return accepted ? Cancel(name, *id, submitted.error()) : submitted.error();
}

Status RunningCluster::Wait(const std::string& name, const std::string& job) const {
  const std::string patience = std::to_string(options_->timeout_s) + "s";
  const ChildRun wait = Command(name, "wait", {"wait", "--timeout", patience, job});
  const auto code = ExitCodeOf(wait, interrupts_);
  if (!code) return Cancel(name, job, code.error());
  if (*code == 0) return OkStatus();
  // Any code may be the job's own or `wait`'s: the scheduler knows whether the job is over.
  const auto end = EndOf(name, job);
  if (end && !end->empty()) return FailedJob(name, job, *end);
  if (!end && end.error().code == Code::kCancelled) return Cancel(name, job, end.error());
  if (*code != kWaitTimedOut) return Cancel(name, job, EndOfChild(wait, *code));
  return Cancel(name, job, FailedJob(name, job, "was not over after " + patience + " (--timeout)"));
}

Result<std::string> RunningCluster::EndOf(const std::string& name, const std::string& job) const {
  BSUB_ASSIGN_OR_RETURN(const std::string text, Output(name, "job.json", {"job", job, "--json"}));
  BSUB_ASSIGN_OR_RETURN(const JobJson json, ReadJob(text, job));
  const JobJson exit = json.value("exit", JobJson());
  return exit.is_object() ? exit.value("text", "is over") : std::string();
}

Error RunningCluster::Cancel(const std::string& name, const std::string& job, Error why) const {
  const Status cancelled = RunChild(Command(name, "cancel", {"cancel", job}));
  why.message += "; job " + job +
                 (cancelled ? " is cancelled"
                            : " could not be cancelled: once the scheduler answers, end it with "
                              "bsub-lite cancel " +
                                  job);
  return why;
}

Result<bool> RunningCluster::PolicyKept(const std::string& name, const std::string& job) const {
  BSUB_ASSIGN_OR_RETURN(const std::string text, Output(name, "job.json", {"job", job, "--json"}));
  BSUB_ASSIGN_OR_RETURN(const JobJson json, ReadJob(text, job));
  if (!json.contains("attempts") || json["attempts"].empty())
    return DataLoss("bsub-lite job " + job + " --json tells of no attempt");
  const JobJson placement = json["attempts"].back().value("placement", JobJson());
  return !placement.is_object() || placement.value("kept", true);
}

Result<std::vector<sched::NodeIndex>> RunningCluster::NodesOf(const Measurements& measured) const {
  std::vector<sched::NodeIndex> nodes;
  for (const std::string& name : measured.nodes) {
    const auto node = topology_->FindNode(name);
    if (!node)
      return FailedPrecondition("a rank ran on " + Quoted(name) + ", which " + options_->config +
                                " does not have; is the cluster up with this configuration?");
    if (std::ranges::find(nodes, *node) == nodes.end()) nodes.push_back(*node);
  }
  return nodes;
}

Result<PlacedRun> RunningCluster::Run(const std::string& name, const sched::PlacementRequest& request,
                                      std::uint32_t draw) const {
  BSUB_RETURN_IF_ERROR(MakeDirectory(directory_ + "/" + name));
  BSUB_ASSIGN_OR_RETURN(const std::string job, Submit(name, request));
  BSUB_RETURN_IF_ERROR(Wait(name, job));
  BSUB_ASSIGN_OR_RETURN(const std::string text, Output(name, "netbench.jsonl", {"logs", job}));
  PlacedRun run{.draw = draw, .nodes = {}, .kept = true, .predicted = {}, .measured = {}};
  auto measured = ReadNetbench(text);
  if (!measured) return FailedJob(name, job, measured.error().message);
  run.measured = std::move(*measured);
  BSUB_ASSIGN_OR_RETURN(run.nodes, NodesOf(run.measured));
  if (run.nodes.size() != request.nodes)
    return FailedJob(
        name, job, "ran on " + CountNodes(run.nodes.size()) + " instead of " + std::to_string(request.nodes));
  run.predicted = topology_->Predict(run.nodes);
  BSUB_ASSIGN_OR_RETURN(run.kept, PolicyKept(name, job));
  return run;
}

}  // namespace bsub::placement
