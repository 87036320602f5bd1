// One type per kind of id: no implicit conversion, ordered, printable through .value().
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace bsub {

template <typename Tag, typename Rep = std::uint64_t>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  constexpr bool valid() const { return value_ != 0; }  // 0 is never given out
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  Rep value_ = 0;
};

// A job, plain or array. Positive, increasing, never reused for the life of a cluster.
using JobId = Id<struct JobIdTag>;
// A node by its name: the same name keeps its id over restarts.
using NodeId = Id<struct NodeIdTag, std::uint32_t>;
// One registration of a node. Grows over the whole cluster; a message with an older one is refused.
using Incarnation = Id<struct IncarnationTag>;
// Position in the journal: the first entry is 1, without gaps.
using Sequence = Id<struct SequenceTag>;

}  // namespace bsub

template <typename Tag, typename Rep>
struct std::hash<bsub::Id<Tag, Rep>> {
  std::size_t operator()(bsub::Id<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value()); }
};
