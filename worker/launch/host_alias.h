// What mpirun's host files call a node that cannot have its own name there: it would be taken for that of
// another machine, or cut. Nodes are named by their administrator, machines by theirs.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bsub::worker {

inline constexpr std::string_view kHostAlias = "bsub-node-";

// The first of bsub-node-INDEX, bsub-node-INDEX-1, bsub-node-INDEX-2, ... for which `is_taken` does not hold:
// a node may really be called so.
template <typename IsTaken>
std::string HostAlias(std::uint32_t index, const IsTaken& is_taken) {
  const std::string first = std::string(kHostAlias) + std::to_string(index);
  std::string alias = first;
  for (std::uint32_t i = 1; is_taken(alias); ++i) alias = first + "-" + std::to_string(i);
  return alias;
}

// The index of the node that has this alias; nothing: it is no alias.
inline std::optional<std::uint32_t> IndexOfAlias(std::string_view host) {
  if (!host.starts_with(kHostAlias)) return std::nullopt;
  const std::string_view numbers = host.substr(kHostAlias.size());
  const char* const end = numbers.data() + numbers.size();
  std::uint32_t index = 0;
  const auto digits = std::from_chars(numbers.data(), end, index);
  if (digits.ec != std::errc()) return std::nullopt;
  if (digits.ptr == end) return index;
  std::uint32_t i = 0;
  const auto rest = std::from_chars(digits.ptr + 1, end, i);
  const bool is_alias = *digits.ptr == '-' && rest.ec == std::errc() && rest.ptr == end;
  return is_alias ? std::optional(index) : std::nullopt;
}

}  // namespace bsub::worker
