#include "worker/spawner/launch_plan.h"

#include <algorithm>

#include "worker/launch/environment.h"
#include "worker/launch/node_file.h"
#include "worker/launch/output_path.h"
#include "worker/spawner/machine_facts.h"

namespace bsub::spawner {
namespace {

Status CheckProof(const v1::spawner::StartTask& start, const LaunchRules& rules) {
  if (rules.key == nullptr || rules.key->Verify(start.launch(), start.proof())) return OkStatus();
  return PermissionDenied(
      start.proof().empty()
          ? "the launch carries no proof from the scheduler; give the scheduler this node's launch key"
          : "the launch's proof is wrong: scheduler and node hold different launch keys, or the "
            "launch was changed on its way");
}

Status CheckUser(const v1::Launch& launch, const LaunchRules& rules) {
  if (launch.uid() == rules.own_uid) return OkStatus();
  const std::string whose = "a task of uid " + std::to_string(launch.uid()) + " cannot start here: ";
  if (!rules.can_change_user) {
    return PermissionDenied(whose + "this node runs as uid " + std::to_string(rules.own_uid) +
                            "; submit as that user or run the node as root");
  }
  if (rules.key == nullptr) {
    return PermissionDenied(
        whose + "the node has no launch key to check the scheduler's proof; start it with --launch-key");
  }
  return OkStatus();
}

Status CheckAddress(const v1::spawner::StartTask& start, const v1::Launch& launch, const LaunchRules& rules) {
  if (!(KeyOf(start.attempt()) == KeyOf(launch.attempt()))) {
    return InvalidArgument("the launch is for attempt " + ToString(KeyOf(launch.attempt())) +
                           ", its envelope for " + ToString(KeyOf(start.attempt())));
  }
  if (launch.attempt().job() == 0 || launch.attempt().number() == 0) {
    return InvalidArgument("the launch names no attempt");
  }
  if (!rules.node.empty() && launch.node() != rules.node) {
    return InvalidArgument("the launch is for node '" + launch.node() + "', this is '" + rules.node + "'");
  }
  return OkStatus();
}

template <typename Strings>
Status CheckNoNul(const Strings& strings, std::string_view what) {
  const auto bad = std::find_if(strings.begin(), strings.end(),
                                [](const std::string& s) { return s.find('\0') != std::string::npos; });
  if (bad == strings.end()) return OkStatus();
  return InvalidArgument("the " + std::string(what) + " holds a NUL byte (number " +
                         std::to_string(bad - strings.begin() + 1) + "), which no program can be given");
}

Status CheckStrings(const v1::Launch& launch) {
  BSUB_RETURN_IF_ERROR(CheckNoNul(launch.command().argv(), "argument list"));
  BSUB_RETURN_IF_ERROR(CheckNoNul(launch.command().interpreter(), "interpreter"));
  BSUB_RETURN_IF_ERROR(CheckNoNul(launch.environment().variables(), "environment"));
  const std::vector<std::string> rest = {launch.working_directory(),
                                         launch.stdout_path(),
                                         launch.stderr_path(),
                                         launch.job_name(),
                                         launch.queue(),
                                         launch.node(),
                                         launch.checkpoint().directory()};
  return CheckNoNul(rest, "launch's paths and names");
}

// Interpreter, script, arguments; or simply the arguments.
Status PlanArguments(const LaunchRules& rules, PlannedLaunch& plan) {
  const v1::Command& command = plan.launch.command();
  std::vector<std::string>& argv = plan.child.argv;
  if (!command.script().empty()) {
    plan.script_path = rules.state_path + "/scripts/" + plan.task_name;
    argv.assign(command.interpreter().begin(), command.interpreter().end());
    if (argv.empty()) argv.push_back("/bin/sh");
    argv.push_back(plan.script_path);
  }
  argv.insert(argv.end(), command.argv().begin(), command.argv().end());
  if (argv.empty() || argv[0].empty())
    return InvalidArgument("the command is empty; submit a program or a script");
  return OkStatus();
}

std::string Absolute(const std::string& path, const std::string& directory) {
  return path.starts_with('/') ? path : directory + "/" + path;
}

void PlanOutput(PlannedLaunch& plan) {
  const v1::Launch& launch = plan.launch;
  const std::optional<std::uint32_t> index =
      launch.has_array_index() ? std::optional(launch.array_index()) : std::nullopt;
  const auto place = [&](const std::string& path) {
    return Absolute(worker::ExpandOutputPath(path, plan.key, index), plan.child.cwd);
  };
  plan.own_out = !launch.stdout_path().empty();
  plan.child.out = plan.own_out ? OutputPlan{false, place(launch.stdout_path())}
                                : OutputPlan{true, worker::SpoolPath(plan.key, false)};
  if (launch.stderr_path().empty()) return;  // with standard output
  OutputPlan err{false, place(launch.stderr_path())};
  if (err.path == plan.child.out.path) return;
  plan.own_err = true;
  plan.child.err = std::move(err);
}

void PlanUser(const LaunchRules& rules, PlannedLaunch& plan) {
  ChildPlan& child = plan.child;
  child.change_user = rules.can_change_user;
  child.uid = plan.launch.uid();
  child.gid = plan.launch.gid();
  child.groups.assign(plan.launch.groups().begin(), plan.launch.groups().end());
  child.user_name = plan.launch.user_name();
  child.state_dir = rules.state_dir;
  child.spool_group = rules.spool_group;
}

bool HasHome(const v1::Launch& launch) {
  const auto& variables = launch.environment().variables();
  return std::any_of(variables.begin(), variables.end(),
                     [](const std::string& v) { return v.starts_with("HOME="); });
}

// What is only for jobs that may start ranks on their nodes.
worker::MpiFacts MpiFactsFor(const LaunchRules& rules, const v1::Launch& launch, const std::string& scratch) {
  worker::MpiFacts mpi = rules.machine;
  mpi.scratch = scratch;
  const std::int64_t cpu_milli = launch.cpu_milli();
  mpi.bound = rules.binds_cpus && cpu_milli >= 1000 && cpu_milli % 1000 == 0;
  if (mpi.bound) mpi.machine_cpus = static_cast<std::uint32_t>(cpu_milli / 1000);
  const v1::LaunchGang& gang = launch.gang();
  mpi.fabric = FabricOf(rules.rdma_devices);
  mpi.interface = InterfaceWith(gang.nodes(static_cast<int>(gang.index())).address());
  return mpi;
}

void PlanEnvironment(const LaunchRules& rules, bool own, PlannedLaunch& plan) {
  worker::NodeFacts node{plan.marker, own ? std::string_view(rules.own_home) : std::string_view(), nullptr,
                         plan.control_dir};
  const v1::LaunchGang& gang = plan.launch.gang();
  const bool has_ranks = worker::MayStartRanks(plan.launch);
  worker::MpiFacts mpi;
  std::string node_file;
  if (has_ranks || (plan.launch.has_gang() && !worker::HasShortLists(gang))) {
    plan.scratch = rules.scratch_path + "/" + plan.task_name;
    node_file = plan.scratch + "/" + std::string(worker::kNodeFileName);
    node.node_file = node_file;
    plan.scratch_files = {{std::string(worker::kNodeFileName), worker::NodeFile(gang)}};
  }
  if (has_ranks) {
    mpi = MpiFactsFor(rules, plan.launch, plan.scratch);
    plan.scratch_files.emplace_back(worker::kOpenMpiHostFileName, worker::OpenMpiHostFile(gang, mpi));
    plan.scratch_files.emplace_back(worker::kHydraHostFileName, worker::HydraHostFile(gang, mpi));
    node.mpi = &mpi;
  }
  plan.child.env = worker::BuildEnvironment(plan.launch, node);
}

// An index that names no node would be looked up.
Status CheckGang(const v1::Launch& launch) {
  const v1::LaunchGang& gang = launch.gang();
  if (!launch.has_gang() || static_cast<int>(gang.index()) < gang.nodes_size()) return OkStatus();
  return InvalidArgument("the launch is for part " + std::to_string(gang.index()) + " of " +
                         std::to_string(gang.nodes_size()));
}

}  // namespace

worker::AttemptKey KeyOf(const v1::AttemptKey& wire) {
  return {JobId(wire.job()), wire.ordinal(), wire.number()};
}

void ToWire(const worker::AttemptKey& key, v1::AttemptKey* wire) {
  wire->set_job(key.job.value());
  wire->set_ordinal(key.ordinal);
  wire->set_number(key.number);
}

Result<PlannedLaunch> PlanLaunch(const v1::spawner::StartTask& start, const LaunchRules& rules) {
  PlannedLaunch plan;
  BSUB_RETURN_IF_ERROR(CheckProof(start, rules));
  if (!plan.launch.ParseFromString(start.launch())) return InvalidArgument("the launch cannot be decoded");
  BSUB_RETURN_IF_ERROR(CheckAddress(start, plan.launch, rules));
  BSUB_RETURN_IF_ERROR(CheckUser(plan.launch, rules));
  BSUB_RETURN_IF_ERROR(CheckStrings(plan.launch));
  BSUB_RETURN_IF_ERROR(CheckGang(plan.launch));

  plan.key = KeyOf(plan.launch.attempt());
  plan.task_name = ToString(plan.key) + "." + std::to_string(plan.launch.incarnation());
  plan.marker = rules.marker_prefix + plan.task_name;
  plan.child.cwd = plan.launch.working_directory().empty() ? "/" : plan.launch.working_directory();
  plan.child.umask = plan.launch.umask() & 0777;
  plan.child.cpus.assign(start.cpus().begin(), start.cpus().end());
  PlanUser(rules, plan);
  BSUB_RETURN_IF_ERROR(PlanArguments(rules, plan));
  PlanOutput(plan);
  BSUB_ASSIGN_OR_RETURN(plan.child.limits, PlanLimits(plan.launch));
  const bool own = plan.launch.uid() == rules.own_uid;
  plan.child.needs_home = !own && !HasHome(plan.launch);
  if (plan.launch.has_checkpoint()) plan.control_dir = rules.state_path + "/control/" + plan.task_name;
  plan.child.saves_to = plan.launch.checkpoint().directory();
  PlanEnvironment(rules, own, plan);
  return plan;
}

}  // namespace bsub::spawner
