// What one run of the fault simulator is made of. Everything that is not set here follows from the seed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/time.h"

namespace bsub::sim {

// Deliberate bugs, to show that the simulator finds what it claims to look for.
enum class Mutation : std::uint8_t {
  kNone,
  kAnswerBeforeSync,    // the scheduler releases messages before their entries are durable
  kRepeatBeforeSync,    // an outcome without entries is released at once, though what it saw is not durable
  kHelloOmitsTask,      // a node that reconnects does not mention one of its running tasks
  kLeaseIgnored,        // a spawner set to kill on lease loss goes on
  kStartsTwice,         // a node starts a task again when its launch is repeated
  kRecoveryLosesEntry,  // the last durable entry is not replayed
  kNodeOverbooks,       // a node says that it has twice what it has
  kUntruthfulEnd,       // a node reports success for a task that failed
  kStaleHelloCounts,    // a registration that was overtaken on its way is believed
};
struct MutationName {
  Mutation mutation;
  std::string_view name;
};
const std::vector<MutationName>& MutationNames();
std::optional<Mutation> ParseMutation(std::string_view name);

struct FaultSimSettings {
  std::uint64_t seed = 1;
  // Inputs that the scheduler handles before the faults stop; then the rest of the work is run to its end.
  std::uint64_t steps = 600;
  // Inputs until everything must have ended, after the faults.
  std::uint64_t settle_steps = 60'000;
  // Walk the core's invariants after every n-th input.
  std::uint64_t check_every = 1;
  Mutation mutation = Mutation::kNone;
  bool verbose = false;
  std::size_t keep_lines = 60;  // of the trace, for the report
};

// How often each kind of fault strikes in this run: mean times between two of them, zero: never. Each seed
// draws its own, so that some runs are calm in one respect and stormy in another.
struct Weather {
  Duration scheduler_crash{};
  std::uint32_t crash_point_permille = 0;  // at each step of a commit
  std::uint32_t append_fails_permille = 0;
  Duration stream_break{};
  Duration agent_crash{};
  Duration spawner_crash{};
  Duration reboot{};
  Duration partition{};
  Duration freeze{};
  Duration notice{};
  std::uint32_t lost_call_permille = 0;  // requests and answers of clients
  std::uint32_t late_permille = 0;
  std::uint32_t repeated_permille = 0;
  Duration slowest_sync = std::chrono::milliseconds(20);
};

// Simulated time limits that shape the model.
inline constexpr Duration kUsualLatency = std::chrono::milliseconds(20);
// Beyond this a message is lost, not late.
inline constexpr Duration kWorstLatency = std::chrono::seconds(8);
inline constexpr std::int32_t kNoticeSignal = 10;  // of programs that save
inline constexpr Duration kHeartbeat = std::chrono::seconds(3);

struct Tally {
  std::uint64_t seeds = 0, steps = 0, entries = 0, jobs = 0, tasks = 0, starts = 0;
  std::uint64_t scheduler_crashes = 0, snapshots = 0, torn = 0, lost_entries = 0, failed_appends = 0;
  std::uint64_t lost_messages = 0, repeated_messages = 0, broken_streams = 0, refused_hellos = 0;
  std::uint64_t agent_crashes = 0, spawner_crashes = 0, reboots = 0, partitions = 0, freezes = 0, notices = 0;
  std::uint64_t lease_kills = 0, reservations = 0, preemptions = 0, repeated_submits = 0, violations = 0;
  Tally& operator+=(const Tally& t);
};
// "seeds=1000 steps=… violations=0"
std::string ToString(const Tally& tally);

}  // namespace bsub::sim
