// What a machine has that MPI jobs use: processors, network interfaces, fabrics.
#pragma once

#include <string>

#include "worker/launch/mpi_environment.h"

namespace bsub::spawner {

// All that stays the same while the machine runs.
worker::MpiFacts LookAtMachine();

// Where the kernel lists RDMA devices.
inline constexpr const char* kRdmaDevices = "/sys/class/infiniband";
// What MPI may use of those. A device without a port that is up carries nothing, and ports come up after the
// machine (a subnet manager has to see them) and go down: looked at for each launch.
worker::Fabric FabricOf(const std::string& devices);

// The name of the network interface that has this address ("10.0.0.7"); empty: none has.
std::string InterfaceWith(const std::string& address);

}  // namespace bsub::spawner
