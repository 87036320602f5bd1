// What a machine has that MPI jobs use: processors, network interfaces, fabrics.
#pragma once

#include <string>

#include "worker/launch/mpi_environment.h"

namespace bsub::spawner {

// All that stays the same while the machine runs. `devices`: where the kernel lists RDMA devices.
worker::MpiFacts LookAtMachine(const std::string& devices = "/sys/class/infiniband");

// The name of the network interface that has this address ("10.0.0.7"); empty: none has.
std::string InterfaceWith(const std::string& address);

}  // namespace bsub::spawner
