// gethostname(2): what the machine calls itself, and what MPI calls it.
#pragma once

#include <unistd.h>

#include <array>
#include <string>

namespace bsub::worker {

inline std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace bsub::worker
