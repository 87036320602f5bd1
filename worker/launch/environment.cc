#include "worker/launch/environment.h"

#include <algorithm>
#include <array>
#include <set>

#include "common/hash.h"
#include "worker/launch/node_file.h"

namespace bsub::worker {
namespace {

constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";
constexpr std::size_t kLongestVariable = 100'000;  // Linux takes 128 KiB, name and all
// Facts about a job. The submitter's are left out even where this job has none of its own: a plain job
// submitted from within an array is not index 7.
constexpr auto kOwnNames = std::to_array<std::string_view>({"AWS_BATCH_CE_NAME",
                                                            "AWS_BATCH_JOB_ARRAY_INDEX",
                                                            "AWS_BATCH_JOB_ARRAY_SIZE",
                                                            "AWS_BATCH_JOB_ATTEMPT",
                                                            "AWS_BATCH_JOB_ID",
                                                            "AWS_BATCH_JOB_MAIN_NODE_INDEX",
                                                            "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS",
                                                            "AWS_BATCH_JOB_NODE_INDEX",
                                                            "AWS_BATCH_JOB_NUM_NODES",
                                                            "AWS_BATCH_JQ_NAME",
                                                            "BSUB_ARRAY_INDEX",
                                                            "BSUB_ARRAY_SIZE",
                                                            "BSUB_ATTEMPT",
                                                            "BSUB_ATTEMPT_KEY",
                                                            "BSUB_CHECKPOINT_DIR",
                                                            "BSUB_CONTROL_DIR",
                                                            "BSUB_CPUS",
                                                            "BSUB_GPUS",
                                                            "BSUB_JOB_ID",
                                                            "BSUB_JOB_NAME",
                                                            "BSUB_MEM_BYTES",
                                                            "BSUB_NODE",
                                                            "BSUB_GANG_SECRET",
                                                            "BSUB_NODES",
                                                            "BSUB_NODE_ADDRESSES",
                                                            "BSUB_NODE_FILE",
                                                            "BSUB_NODE_INDEX",
                                                            "BSUB_NODE_LIST",
                                                            "BSUB_NODE_PARTITIONS",
                                                            "BSUB_PARTITION",
                                                            "BSUB_RANKS",
                                                            "BSUB_RANKS_PER_NODE",
                                                            "BSUB_SCRATCH_DIR",
                                                            "BSUB_MPI_DEFAULTS",
                                                            "BSUB_STEP_NOTES",
                                                            "BSUB_STEP_TMPDIR",
                                                            "BSUB_TASK_CPUS",
                                                            "BSUB_THREADS_PER_RANK",
                                                            "BSUB_PREVIOUS_END",
                                                            "BSUB_QUEUE",
                                                            "BSUB_RESTART_COUNT",
                                                            "BSUB_SAVED_GENERATION",
                                                            "LSB_BATCH_JID",
                                                            "LSB_DJOB_NUMPROC",
                                                            "LSB_HOSTS",
                                                            "LSB_JOBID",
                                                            "LSB_JOBINDEX",
                                                            "LSB_JOBNAME",
                                                            "LSB_QUEUE",
                                                            "LSB_JOBINDEX_STEP",
                                                            "LSB_MCPU_HOSTS",
                                                            "PWD"});

std::string_view NameOf(std::string_view entry) { return entry.substr(0, entry.find('=')); }

bool IsOwn(std::string_view name) {
  // The first letter turns away nearly all of a user's names.
  if (name.empty() || (name[0] != 'A' && name[0] != 'B' && name[0] != 'L' && name[0] != 'P')) return false;
  return std::find(kOwnNames.begin(), kOwnNames.end(), name) != kOwnNames.end();
}

class Builder {
 public:
  void Add(std::string_view name, std::string_view value) {
    std::string entry;
    entry.reserve(name.size() + value.size() + 1);
    entry.append(name).append("=").append(value);
    entries.push_back(std::move(entry));
  }
  void Add(std::string_view name, std::uint64_t value) { Add(name, std::to_string(value)); }
  // A variable that is too long would keep the program from being started.
  void AddIfFits(std::string_view name, std::string_view value) {
    if (value.size() < kLongestVariable) Add(name, value);
  }

  std::vector<std::string> entries;
};

void AddOwn(Builder& env, const v1::Launch& launch, const NodeFacts& node, std::uint64_t cpus) {
  env.Add(kMarkerName, node.marker);
  env.Add("BSUB_JOB_ID", launch.attempt().job());
  env.Add("BSUB_JOB_NAME", launch.job_name());
  if (launch.has_array_index()) {
    env.Add("BSUB_ARRAY_INDEX", launch.array_index());
    env.Add("BSUB_ARRAY_SIZE", launch.array_size());
  }
  env.Add("BSUB_ATTEMPT", launch.attempt().number());
  env.Add("BSUB_RESTART_COUNT", launch.restart_count());
  if (launch.after_interruption()) env.Add("BSUB_PREVIOUS_END", "interrupted");
  env.Add("BSUB_QUEUE", launch.queue());
  env.Add("BSUB_NODE", launch.node());
  env.Add("BSUB_CPUS", cpus);
  env.Add("BSUB_MEM_BYTES", static_cast<std::uint64_t>(std::max<std::int64_t>(0, launch.mem_bytes())));
  if (!node.control_dir.empty()) env.Add("BSUB_CONTROL_DIR", node.control_dir);
  if (const std::string& saves_to = launch.checkpoint().directory(); !saves_to.empty())
    env.Add("BSUB_CHECKPOINT_DIR", saves_to);
  if (const std::uint64_t saved = launch.checkpoint().saved_generation(); saved > 0)
    env.Add("BSUB_SAVED_GENERATION", saved);
  env.Add("BSUB_GPUS", static_cast<std::uint64_t>(launch.gpu_indices_size()));
}

// docs.aws.amazon.com/batch, "Job environment variables".
void AddAwsBatch(Builder& env, const v1::Launch& launch) {
  std::string id = std::to_string(launch.attempt().job());
  if (launch.has_array_index()) {
    id += ":" + std::to_string(launch.array_index());
    env.Add("AWS_BATCH_JOB_ARRAY_INDEX", launch.array_index());
    env.Add("AWS_BATCH_JOB_ARRAY_SIZE", launch.array_size());
  }
  if (launch.gang().nodes_size() > 1) id += "#" + std::to_string(launch.gang().index());
  env.Add("AWS_BATCH_JOB_ID", id);
  env.Add("AWS_BATCH_JOB_ATTEMPT", launch.attempt().number());
  env.Add("AWS_BATCH_JQ_NAME", launch.queue());
  env.Add("AWS_BATCH_CE_NAME", launch.node());
}

// AWS Batch's guide, "Multi-node parallel jobs": environment variables.
void AddAwsNodes(Builder& env, const v1::LaunchGang& gang) {
  env.Add("AWS_BATCH_JOB_NUM_NODES", static_cast<std::uint64_t>(gang.nodes_size()));
  env.Add("AWS_BATCH_JOB_NODE_INDEX", gang.index());
  env.Add("AWS_BATCH_JOB_MAIN_NODE_INDEX", std::uint64_t{0});
  if (gang.index() != 0) env.Add("AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS", gang.nodes(0).address());
}

std::string ListNodes(const v1::LaunchGang& gang, const std::string& (v1::LaunchNode::*field)() const) {
  std::string list;
  for (const v1::LaunchNode& node : gang.nodes()) list += (list.empty() ? "" : ",") + (node.*field)();
  return list;
}

template <typename Number>
std::string Join(const google::protobuf::RepeatedField<Number>& numbers) {
  std::string out;
  for (const Number n : numbers) out += (out.empty() ? "" : ",") + std::to_string(n);
  return out;
}

std::string Hex(const std::string& bytes) {
  return ToHex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

// Numbers from 0, as the indexes of nodes; EC2's placement groups count from 1.
void AddPartitions(Builder& env, const v1::LaunchGang& gang) {
  if (static_cast<int>(gang.index()) >= gang.partitions_size()) return;
  env.Add("BSUB_PARTITION", gang.partitions(static_cast<int>(gang.index())));
  env.AddIfFits("BSUB_NODE_PARTITIONS", Join(gang.partitions()));
}

// Of a job that asks for nodes or ranks.
void AddGang(Builder& env, const v1::LaunchGang& gang, std::string_view node_file) {
  env.Add("BSUB_NODES", static_cast<std::uint64_t>(gang.nodes_size()));
  env.Add("BSUB_NODE_INDEX", gang.index());
  env.AddIfFits("BSUB_NODE_LIST", ListNodes(gang, &v1::LaunchNode::name));
  env.AddIfFits("BSUB_NODE_ADDRESSES", ListNodes(gang, &v1::LaunchNode::address));
  if (!node_file.empty()) env.Add(kNodeFileVariable, node_file);
  env.Add("BSUB_RANKS", std::uint64_t{gang.ranks_per_node()} * static_cast<std::uint64_t>(gang.nodes_size()));
  env.Add("BSUB_RANKS_PER_NODE", gang.ranks_per_node());
  env.Add("BSUB_THREADS_PER_RANK", gang.threads_per_rank());
  AddPartitions(env, gang);
  // The step servers know by it who may ask them for something.
  if (gang.launch() != 0) env.Add("BSUB_GANG_SECRET", Hex(gang.secret()));
  AddAwsNodes(env, gang);
}

// "n1 n1 n2 n2" and "n1 2 n2 2".
void AddLsfHosts(Builder& env, const v1::LaunchGang& gang) {
  std::string hosts;
  std::string counts;
  for (const v1::LaunchNode& node : gang.nodes()) {
    for (std::uint32_t i = 0; i < gang.ranks_per_node() && hosts.size() < kLongestVariable; ++i)
      hosts += (hosts.empty() ? "" : " ") + node.name();
    counts += (counts.empty() ? "" : " ") + node.name() + " " + std::to_string(gang.ranks_per_node());
  }
  env.AddIfFits("LSB_HOSTS", hosts);
  env.AddIfFits("LSB_MCPU_HOSTS", counts);
  env.Add("LSB_DJOB_NUMPROC",
          std::uint64_t{gang.ranks_per_node()} * static_cast<std::uint64_t>(gang.nodes_size()));
}

// LSF reference, "Environment variables set for job execution".
void AddLsf(Builder& env, const v1::Launch& launch, std::uint64_t cpus) {
  const std::string id = std::to_string(launch.attempt().job());
  const std::string index =
      launch.has_array_index() ? "[" + std::to_string(launch.array_index()) + "]" : std::string();
  env.Add("LSB_JOBID", id);
  env.Add("LSB_JOBINDEX", launch.has_array_index() ? launch.array_index() : 0u);
  env.Add("LSB_BATCH_JID", id + index);
  env.Add("LSB_JOBNAME", launch.job_name() + index);
  env.Add("LSB_QUEUE", launch.queue());
  if (launch.has_gang()) return AddLsfHosts(env, launch.gang());
  env.Add("LSB_HOSTS", launch.node());
  env.Add("LSB_DJOB_NUMPROC", cpus);
}

struct Seen {
  bool path = false;
  bool home = false;
  bool user = false;
  bool logname = false;
};

// What the user's environment may not say: what is ours, and what a job from within which this one was
// submitted had been given for its own nodes.
class NotTaken {
 public:
  NotTaken(const v1::Launch& launch, const std::vector<MpiVariable>& mpi) {
    for (const MpiVariable& variable : mpi) {
      if (!variable.overridable) names_.insert(variable.name);
    }
    for (const std::string& entry : launch.environment().variables()) {
      if (NameOf(entry) == kMpiDefaultsName)
        AddList(std::string_view(entry).substr(kMpiDefaultsName.size() + 1));
    }
  }
  bool Holds(std::string_view name) const { return IsOwn(name) || names_.count(name) != 0; }

 private:
  void AddList(std::string_view list) {
    while (!list.empty()) {
      const std::string_view name = list.substr(0, list.find(','));
      names_.emplace(name);
      list.remove_prefix(std::min(list.size(), name.size() + 1));
    }
  }
  std::set<std::string, std::less<>> names_;
};

Seen AddUsers(Builder& env, const v1::Launch& launch, const NotTaken& not_taken) {
  Seen seen;
  const bool has_gpus = launch.gpu_indices_size() > 0;
  for (const std::string& entry : launch.environment().variables()) {
    const std::string_view name = NameOf(entry);
    if (not_taken.Holds(name) || (has_gpus && name == "CUDA_VISIBLE_DEVICES")) continue;
    seen.path |= name == "PATH";
    seen.home |= name == "HOME";
    seen.user |= name == "USER";
    seen.logname |= name == "LOGNAME";
    env.entries.push_back(entry);
  }
  return seen;
}

void AddMpi(Builder& env, const std::vector<MpiVariable>& variables) {
  std::set<std::string, std::less<>> users;
  for (const std::string& entry : env.entries) users.emplace(NameOf(entry));
  std::string defaults;
  for (const MpiVariable& variable : variables) {
    if (variable.overridable && users.count(variable.name) != 0) continue;
    env.Add(variable.name, variable.value);
    if (variable.overridable) defaults += (defaults.empty() ? "" : ",") + variable.name;
  }
  env.Add(kMpiDefaultsName, defaults);
}

}  // namespace

std::string NodeFile(const v1::LaunchGang& gang) {
  std::string text;
  for (const v1::LaunchNode& node : gang.nodes()) text += node.name() + " " + node.address() + "\n";
  return text;
}

bool HasShortLists(const v1::LaunchGang& gang) {
  return ListNodes(gang, &v1::LaunchNode::name).size() < kLongestVariable &&
         ListNodes(gang, &v1::LaunchNode::address).size() < kLongestVariable;
}

std::vector<std::string> BuildEnvironment(const v1::Launch& launch, const NodeFacts& node) {
  Builder env;
  env.entries.reserve(static_cast<std::size_t>(launch.environment().variables_size()) + 40);
  const std::vector<MpiVariable> mpi =
      node.mpi != nullptr ? MpiVariables(launch, *node.mpi) : std::vector<MpiVariable>();
  const Seen seen = AddUsers(env, launch, NotTaken(launch, mpi));
  if (!seen.path) env.Add("PATH", kDefaultPath);
  if (!seen.home && !node.home.empty()) env.Add("HOME", node.home);
  if (!seen.user && !launch.user_name().empty()) env.Add("USER", launch.user_name());
  if (!seen.logname && !launch.user_name().empty()) env.Add("LOGNAME", launch.user_name());
  env.Add("PWD", launch.working_directory().empty() ? "/" : launch.working_directory());

  const auto cpus = static_cast<std::uint64_t>(std::max<std::int64_t>(1, (launch.cpu_milli() + 999) / 1000));
  AddOwn(env, launch, node, cpus);
  AddAwsBatch(env, launch);
  if (launch.has_gang()) AddGang(env, launch.gang(), node.node_file);
  AddLsf(env, launch, cpus);
  if (launch.gpu_indices_size() > 0) env.Add("CUDA_VISIBLE_DEVICES", Join(launch.gpu_indices()));
  if (node.mpi != nullptr) AddMpi(env, mpi);
  return std::move(env.entries);
}

}  // namespace bsub::worker
