// What mpirun's host files call a node whose own name would be taken for that of another machine: nodes are
// named by their administrator, machines by theirs.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bsub::worker {

inline constexpr std::string_view kHostAlias = "bsub-node-";

inline std::string HostAlias(std::uint32_t index) { return std::string(kHostAlias) + std::to_string(index); }

// The index of the node that has this alias; nothing: it is no alias.
inline std::optional<std::uint32_t> IndexOfAlias(std::string_view host) {
  if (!host.starts_with(kHostAlias)) return std::nullopt;
  const std::string_view digits = host.substr(kHostAlias.size());
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return index;
}

}  // namespace bsub::worker
