// By which address other machines reach this one.
#pragma once

#include <string>

namespace bsub::worker {

// The address that this machine uses towards `target` ("unix:PATH" or "host:port"), in numbers. On the
// scheduler's own machine 127.0.0.1, which its other nodes share. Empty: it cannot be told. Sends nothing.
std::string AddressTowards(const std::string& target);

}  // namespace bsub::worker
