// Multi-node jobs (gangs): one attempt runs on several nodes at once, with one part on each. AWS Batch calls
// them multi-node parallel jobs.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "common/hash.h"
#include "common/result.h"
#include "jobs/placement.h"

namespace bsub {

// When an attempt on several nodes is over.
enum class GangEnd : std::uint8_t {
  kAny,   // a part that fails ends the attempt; it succeeds when all parts have
  kMain,  // as the main node's part ends, so does the attempt, whatever the others do: AWS Batch's rule
};
std::string_view ToString(GangEnd end);  // "any"
Result<GangEnd> ParseGangEnd(std::string_view text);

// What runs where. With the last two the attempt is over with the main node's part.
enum class GangLaunch : std::uint8_t {
  kEveryNode,  // the command runs once on every node: AWS Batch's rule
  kMainNode,  // on the main node only, where it starts what runs on the others (mpirun) by their step servers
  kRanks,     // the same, and the command is a rank's: we start the ranks
};
std::string_view ToString(GangLaunch launch);  // "every-node"
Result<GangLaunch> ParseGangLaunch(std::string_view text);

// Index of the part that speaks for the attempt.
inline constexpr std::uint32_t kMainPart = 0;

struct GangSpec {
  std::uint32_t nodes = 1;             // as many as there can be, up to this
  std::uint32_t ranks_per_node = 1;    // for the program, and for mpirun: nothing is started so often by us
  std::uint32_t threads_per_rank = 1;  // the same
  bool exclusive = false;              // whole nodes, that nobody else runs on
  GangEnd end = GangEnd::kAny;
  GangLaunch launch = GangLaunch::kEveryNode;
  PlacementSpec placement{};  // its policy counts where there are several nodes, or a group
  // It also starts with fewer, down to this; 0: not. Each attempt has a number of its own.
  std::uint32_t min_nodes = 0;
  friend auto operator<=>(const GangSpec&, const GangSpec&) = default;

  bool several() const { return nodes > 1; }
  std::uint32_t least_nodes() const { return min_nodes == 0 ? nodes : min_nodes; }
  // Asks for nothing but what it takes of one node: its program is told of no nodes and ranks.
  bool plain() const {
    return nodes == 1 && ranks_per_node == 1 && threads_per_rank == 1 && !exclusive && end == GangEnd::kAny &&
           launch == GangLaunch::kEveryNode && min_nodes == 0;
  }
  // Whether the end of the main node's part, also a good one, ends the others.
  bool main_ends() const { return has_steps() || end == GangEnd::kMain; }
  // Whether the nodes but the main one run the step server.
  bool has_steps() const { return launch != GangLaunch::kEveryNode; }
};

// Parts first..last, both included, are not run with the job's command but with this one. Of several that
// hold a part the last one counts.
struct NodeRange {
  static constexpr std::uint32_t kOpen = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t first = 0;
  std::uint32_t last = kOpen;
  PayloadHash command{};
  friend auto operator<=>(const NodeRange&, const NodeRange&) = default;
};

// As AWS Batch writes targetNodes: "3", "0:3", ":3", "2:", ":".
struct PartRange {
  std::uint32_t first = 0;
  std::uint32_t last = NodeRange::kOpen;
};
Result<PartRange> ParsePartRange(std::string_view text);
std::string ToString(const PartRange& range);

inline constexpr std::size_t kMostNodeRanges = 64;

// "4", or "2:4" for two to four.
struct NodeCount {
  std::uint32_t least = 1;
  std::uint32_t most = 1;
};
Result<NodeCount> ParseNodeCount(std::string_view text);

Status Validate(const GangSpec& gang, std::uint32_t max_nodes);
Status Validate(const std::vector<NodeRange>& ranges, const GangSpec& gang);

// The command of one part.
const PayloadHash& CommandOf(std::uint32_t part, const PayloadHash& common,
                             const std::vector<NodeRange>& ranges);

// "4 nodes, 2 ranks on each with 3 threads, whole nodes"; empty: an ordinary job.
std::string Describe(const GangSpec& gang);

}  // namespace bsub
