#include "worker/launch/mpi_environment.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <optional>
#include <set>

#include "worker/launch/host_alias.h"
#include "worker/launch/shared_memory.h"

namespace bsub::worker {
namespace {

// A network wider than this holds more than one site's nodes: the cards must be told apart otherwise.
constexpr int kWidestNetwork = 8;
// Open MPI 4.1 takes a /32 for every interface there is; messages beyond the eager limit (64 KiB) then hang.
constexpr int kNarrowestNetwork = 31;

class Variables {
 public:
  void Set(std::string name, std::string value) { all.push_back({std::move(name), std::move(value), false}); }
  void Default(std::string name, std::string value) {
    all.push_back({std::move(name), std::move(value), true});
  }
  std::vector<MpiVariable> all;
};

bool IsMain(const v1::LaunchGang& gang) { return gang.index() == 0; }

const std::string& OwnAddress(const v1::LaunchGang& gang) {
  return gang.nodes(static_cast<int>(gang.index())).address();
}

std::uint32_t NodesOfThisMachine(const v1::LaunchGang& gang) {
  return static_cast<std::uint32_t>(
      std::count_if(gang.nodes().begin(), gang.nodes().end(),
                    [&gang](const v1::LaunchNode& node) { return node.address() == OwnAddress(gang); }));
}

bool IsOversubscribed(const v1::LaunchGang& gang, const MpiFacts& facts) {
  const std::uint64_t threads = std::uint64_t{gang.ranks_per_node()} * gang.threads_per_rank();
  const std::uint64_t parts = facts.bound ? 1 : NodesOfThisMachine(gang);
  return threads * parts > facts.machine_cpus;
}

// Open MPI binds ranks to the machine's processors from the first on, whichever are the task's: with other
// tasks beside it, all would sit on the same. Those of a task with processors of its own bsub-lite-rank
// binds.
bool HasTheMachine(const v1::Launch& launch, const MpiFacts& facts) {
  return NodesOfThisMachine(launch.gang()) == 1 &&
         launch.cpu_milli() >= std::int64_t{1000} * facts.machine_cpus;
}

// mpirun starts its daemons by our agent, each from the main node, and they stay its children: so the end of
// either is seen by the other.
void AddOpenMpiStart(const v1::LaunchGang& gang, const MpiFacts& facts, Variables& out) {
  out.Set("OMPI_MCA_plm", "rsh");
  out.Set("OMPI_MCA_plm_rsh_agent", facts.programs + "/bsub-lite-rsh");
  out.Set("OMPI_MCA_plm_rsh_no_tree_spawn", "1");
  out.Set("OMPI_MCA_orte_leave_session_attached", "1");
  out.Set("OMPI_MCA_orte_default_hostfile", facts.scratch + "/" + std::string(kOpenMpiHostFileName));
  out.Set("OMPI_MCA_orte_fork_agent", facts.programs + "/bsub-lite-rank");
  out.Set("OMPI_MCA_if_base_do_not_resolve", "1");  // nodes' names are ours, and need not be the network's
  // mpirun hands its variables on to its daemons: they are given their directory by the step server.
  if (IsMain(gang)) out.Set("OMPI_MCA_orte_local_tmpdir_base", facts.scratch);
  // PMIx tells which ranks share its node by the host's name; nodes on one machine have the same, and a
  // daemon would take mpirun's ranks for its own. The host file calls all nodes but the main one so.
  if (!IsMain(gang)) out.Set("PMIX_HOSTNAME", gang.nodes(static_cast<int>(gang.index())).name());
}

void AddOpenMpiTransport(const v1::LaunchGang& gang, const MpiFacts& facts, Variables& out) {
  const std::string network = CommonNetwork(gang);
  if (!network.empty()) out.Default("OMPI_MCA_oob_tcp_if_include", network);
  const bool several = gang.nodes_size() > 1;
  if (several && facts.fabric == Fabric::kOther) return;  // Open MPI knows more of such cards than we do
  // Beside another pml for what is one-sided. Never openib: it prepares for fork(), and then libfabric's efa
  // provider aborts (github.com/ofiwg/libfabric/issues/6332).
  out.Default("OMPI_MCA_btl", several ? "self,vader,tcp" : "self,vader");
  if (several && !network.empty()) out.Default("OMPI_MCA_btl_tcp_if_include", network);
  if (several && facts.fabric == Fabric::kEfa) {
    out.Default("OMPI_MCA_pml", "cm");
    out.Default("OMPI_MCA_mtl", "ofi");
    out.Default("OMPI_MCA_mtl_ofi_provider_include", "efa");
    out.Default("FI_PROVIDER", "efa");
  } else {
    out.Default("OMPI_MCA_pml", several && facts.fabric == Fabric::kInfiniband ? "ucx" : "ob1");
  }
}

void AddOpenMpi(const v1::Launch& launch, const MpiFacts& facts, Variables& out) {
  const v1::LaunchGang& gang = launch.gang();
  AddOpenMpiStart(gang, facts, out);
  AddOpenMpiTransport(gang, facts, out);
  for (const char* name : kBackingDirectories) out.Default(name, facts.scratch);
  const bool oversubscribed = IsOversubscribed(gang, facts);
  if (oversubscribed) out.Default("OMPI_MCA_mpi_yield_when_idle", "1");
  if (oversubscribed || facts.bound || !HasTheMachine(launch, facts)) {
    out.Default("OMPI_MCA_hwloc_base_binding_policy", "none");
  } else if (gang.threads_per_rank() > 1) {
    out.Default("OMPI_MCA_rmaps_base_mapping_policy", "slot:PE=" + std::to_string(gang.threads_per_rank()));
  }
  if (launch.uid() == 0) {  // Open MPI's own questions: the job's user is root
    out.Set("OMPI_ALLOW_RUN_AS_ROOT", "1");
    out.Set("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
  }
}

void AddHydra(const MpiFacts& facts, Variables& out) {
  const std::string agent = facts.programs + "/bsub-lite-rsh";
  const std::string hosts = facts.scratch + "/" + std::string(kHydraHostFileName);
  out.Set("HYDRA_LAUNCHER", "rsh");
  out.Set("HYDRA_LAUNCHER_EXEC", agent);
  out.Set("HYDRA_HOST_FILE", hosts);
  out.Set("HYDRA_RMK", "user");  // not what it finds in LSF's or Slurm's variables
  if (!facts.interface.empty()) out.Default("HYDRA_IFACE", facts.interface);
  out.Set("I_MPI_HYDRA_BOOTSTRAP", "rsh");  // Intel MPI's names of the same
  out.Set("I_MPI_HYDRA_BOOTSTRAP_EXEC", agent);
  out.Set("I_MPI_HYDRA_HOST_FILE", hosts);
}

// MPICH's way since 4.0, and one of Open MPI's.
void AddUcx(const v1::LaunchGang& gang, const MpiFacts& facts, Variables& out) {
  const bool has_more = facts.fabric == Fabric::kInfiniband || facts.fabric == Fabric::kOther;
  if (has_more) return;  // it chooses well by itself
  const bool several = gang.nodes_size() > 1;
  out.Default("UCX_TLS", several ? "self,sm,tcp" : "self,sm");
  if (facts.interface == "lo") out.Default("UCX_NET_DEVICES", "lo");
}

std::optional<std::uint32_t> Ipv4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

// Open MPI leaves domains out of hosts' names, also of the one that it calls its launch agent with
// (orte_keep_fqdn_hostnames).
std::string_view WithoutDomain(std::string_view host) {
  return Ipv4(std::string(host)) ? host : host.substr(0, host.find('.'));
}

// The names that no alias may be.
std::set<std::string, std::less<>> NamesInUse(const v1::LaunchGang& gang, const MpiFacts& facts) {
  std::set<std::string, std::less<>> names{facts.host_name, std::string(WithoutDomain(facts.host_name))};
  for (const v1::LaunchNode& node : gang.nodes()) names.insert(node.name());
  return names;
}

template <typename NeedsAlias>
std::string HostFile(const v1::LaunchGang& gang, const MpiFacts& facts, std::string_view main_host,
                     std::string_view before_ranks, const NeedsAlias& needs_alias) {
  const auto names = NamesInUse(gang, facts);
  const auto is_taken = [&names](const std::string& alias) { return names.contains(alias); };
  std::string text;
  for (int i = 0; i < gang.nodes_size(); ++i) {
    const std::string& name = gang.nodes(i).name();
    if (i == 0 && IsMain(gang)) {
      text += main_host;
    } else {
      text += needs_alias(name) ? HostAlias(static_cast<std::uint32_t>(i), is_taken) : name;
    }
    text += std::string(before_ranks) + std::to_string(gang.ranks_per_node()) + "\n";
  }
  return text;
}

}  // namespace

bool MayStartRanks(const v1::Launch& launch) { return launch.has_gang() && launch.gang().launch() != 0; }

std::string OpenMpiHostFile(const v1::LaunchGang& gang, const MpiFacts& facts) {
  return HostFile(gang, facts, facts.host_name, " slots=", [&](const std::string& name) {
    return WithoutDomain(name) != name || (IsMain(gang) && name == WithoutDomain(facts.host_name));
  });
}

std::string HydraHostFile(const v1::LaunchGang& gang, const MpiFacts& facts) {
  return HostFile(gang, facts, gang.nodes(0).name(), ":",
                  [&](const std::string& name) { return IsMain(gang) && name == facts.host_name; });
}

std::vector<MpiVariable> MpiVariables(const v1::Launch& launch, const MpiFacts& facts) {
  Variables out;
  out.Set(std::string(kScratchName), facts.scratch);
  out.Default("BSUB_STEP_PATIENCE", std::to_string(facts.step_patience_s));
  AddOpenMpi(launch, facts, out);
  AddHydra(facts, out);
  AddUcx(launch.gang(), facts, out);
  if (launch.gang().threads_per_rank() > 1)
    out.Default("OMP_NUM_THREADS", std::to_string(launch.gang().threads_per_rank()));
  return std::move(out.all);
}

std::string CommonNetwork(const v1::LaunchGang& gang) {
  std::optional<std::uint32_t> first;
  std::uint32_t differing = 0;
  for (const v1::LaunchNode& node : gang.nodes()) {
    const auto address = Ipv4(node.address());
    if (!address) return "";
    if (!first) first = address;
    differing |= *first ^ *address;
  }
  const int bits = std::min(std::countl_zero(differing), kNarrowestNetwork);
  if (!first || bits < kWidestNetwork) return "";
  const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
  in_addr network{htonl(*first & mask)};
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &network, text, sizeof text);
  return std::string(text) + "/" + std::to_string(bits);
}

}  // namespace bsub::worker
