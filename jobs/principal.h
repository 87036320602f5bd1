// Who asks. Established by an adapter (peer credentials of a Unix socket, a token), never by the message
// itself.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace bsub {

struct Principal {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups{};  // supplementary, ascending
  std::string name{};                   // user name, or the token's id
  friend auto operator<=>(const Principal&, const Principal&) = default;
};

}  // namespace bsub
