// What lets the installed mpirun use a job's allocation by itself, by environment variables alone: its launch
// agent is ours (no ssh), its host file the job's nodes, and the transport is named instead of being probed,
// which takes Open MPI longer than the rest of a small job's start.
//
// Open MPI 4: MCA parameters as OMPI_MCA_NAME (ompi_info --all); MPICH's Hydra: HYDRA_* (mpiexec -help).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/bsub/v1/launch.pb.h"

namespace bsub::worker {

// Of a machine's network cards, what MPI may use. The main node's decide for all.
enum class Fabric {
  kTcp,
  kInfiniband,  // or RoCE, by a driver that Open MPI 4 takes UCX for: mlx*
  kEfa,
  kOther,  // Omni-Path, RDMA by other Ethernet cards
};

struct MpiFacts {
  std::string scratch;             // this attempt's directory on this node, for files that end with it
  std::string programs;            // directory of bsub-lite-rsh and bsub-lite-rank
  std::string host_name;           // gethostname(2): how Open MPI calls the machine it runs on
  std::string interface;           // the network interface with this node's address; empty: not known
  std::uint32_t machine_cpus = 1;  // that this task may run on
  bool bound = false;              // these CPUs are its own
  Fabric fabric = Fabric::kTcp;
  std::uint32_t step_patience_s = 120;  // how long another node's step server may take to answer
};

// Whether what the launch runs may start ranks on the job's nodes.
bool MayStartRanks(const v1::Launch& launch);

// "HOST slots=N" per node. The main node has the name that mpirun knows its own machine by, or it would start
// a daemon there, too. Another node of that name has an alias (host_alias.h), and so has one with a dot in
// its name: Open MPI would call our agent with what is before it, which may be another node's name.
std::string OpenMpiHostFile(const v1::LaunchGang& gang, const MpiFacts& facts);
// "HOST:N" per node. A node that is called as the main node's machine has an alias: Hydra would start its
// ranks there.
std::string HydraHostFile(const v1::LaunchGang& gang, const MpiFacts& facts);
inline constexpr std::string_view kOpenMpiHostFileName = "hosts.openmpi";
inline constexpr std::string_view kHydraHostFileName = "hosts.hydra";

struct MpiVariable {
  std::string name;
  std::string value;
  bool overridable = false;  // the user's own value counts
};
std::vector<MpiVariable> MpiVariables(const v1::Launch& launch, const MpiFacts& facts);

// The smallest IPv4 network ("10.0.0.0/23", a /31 at least) that holds the addresses of all nodes; empty:
// there is none, or it would be the whole Internet.
std::string CommonNetwork(const v1::LaunchGang& gang);

// Holds the names of those that a job may override and did not, so that a job submitted from within a job
// does not take them for its user's.
inline constexpr std::string_view kMpiDefaultsName = "BSUB_MPI_DEFAULTS";
// The attempt's directory on this node.
inline constexpr std::string_view kScratchName = "BSUB_SCRATCH_DIR";

}  // namespace bsub::worker
