// What tests say about jobs, users and nodes, in the fewest words: Job().Name("a").Cpus(2).After("done(1)").
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "jobs/end.h"
#include "jobs/job_spec.h"
#include "jobs/principal.h"
#include "jobs/resources.h"
#include "jobs/state.h"
#include "scheduler/core/explain.h"
#include "scheduler/core/node.h"

// So that a failed comparison shows words.
namespace bsub {
inline void PrintTo(JobState state, std::ostream* out) { *out << ToString(state); }
template <typename Tag, typename Rep>
void PrintTo(Id<Tag, Rep> id, std::ostream* out) {
  *out << id.value();
}
namespace sched {
inline void PrintTo(ReasonCode code, std::ostream* out) { *out << ToString(code); }
}  // namespace sched
}  // namespace bsub

namespace bsub::testing {

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

inline Resources Cpus(std::int64_t cpus, std::int64_t mem_gib = 64, std::int32_t gpus = 0) {
  return {cpus * 1000, mem_gib * kGiB, gpus};
}

// The people in every test. Ops runs the cluster.
Principal Alice();
Principal Bob();
Principal Ops();

inline End Exit(std::int32_t code) { return {EndKind::kExited, code, "", ""}; }
inline End Signalled(std::int32_t number) { return {EndKind::kSignalled, number, "", ""}; }

// A job to submit: one CPU, no memory, by Alice, unless said otherwise.
class Job {
 public:
  Job();
  Job& Name(std::string name) { return spec_.name = std::move(name), *this; }
  Job& By(Principal who) { return who_ = std::move(who), *this; }
  Job& Cpus(std::int64_t n) { return settings_.request.cpu_milli = n * 1000, *this; }
  Job& MemGiB(std::int64_t n) { return settings_.request.mem_bytes = n * kGiB, *this; }
  Job& Gpus(std::int32_t n) { return settings_.request.gpus = n, *this; }
  Job& Nodes(std::uint32_t n) { return settings_.gang.nodes = n, *this; }
  Job& Placed(std::string_view text);  // "cluster:preferred@5m"
  Job& Group(std::string name) { return settings_.gang.placement.group = std::move(name), *this; }
  Job& Features(std::string_view list);  // "efa,!spot"
  Job& PrefersFeatures(std::string_view list);
  Job& Exclusive() { return settings_.gang.exclusive = true, *this; }
  Job& EndsWithMain() { return settings_.gang.end = GangEnd::kMain, *this; }
  Job& Launch(GangLaunch how) { return settings_.gang.launch = how, *this; }
  Job& NodeCommand(std::uint32_t first, std::uint32_t last, PayloadHash command) {
    return settings_.node_ranges.push_back({first, last, command}), *this;
  }
  Job& Reservation(std::string name) { return settings_.reservation = std::move(name), *this; }
  Job& Share(std::string share) { return settings_.share_identifier = std::move(share), *this; }
  Job& Queue(std::string name) { return settings_.queue = std::move(name), *this; }
  Job& Priority(std::int32_t p) { return settings_.priority = p, *this; }
  Job& Retry(std::int32_t attempts) { return settings_.retry.attempts = attempts, *this; }
  Job& Rule(std::string_view text);  // of evaluateOnExit: "exit=137:retry"
  Job& MaxInterruptions(std::int32_t n) { return settings_.max_interruptions = n, *this; }
  Job& Walltime(Duration d) { return settings_.walltime = d, *this; }
  Job& Grace(Duration d) { return settings_.stop_grace = d, *this; }
  Job& AtLeast(std::uint32_t nodes) { return settings_.gang.min_nodes = nodes, *this; }
  // It saves on USR1 and then exits with 85.
  Job& Saves() {
    settings_.checkpoint.directory = "/scratch/saved";
    settings_.checkpoint.signal = 10;
    settings_.checkpoint.exit_code = kSavedExitCode;
    return *this;
  }
  Job& Then(std::string queue) { return settings_.checkpoint.then_queue = std::move(queue), *this; }
  Job& SavesTo(std::string directory, bool anywhere) {
    settings_.checkpoint.directory = std::move(directory);
    return settings_.checkpoint.anywhere = anywhere, *this;
  }
  Job& SaveGrace(Duration d) { return settings_.checkpoint.grace = d, *this; }
  Job& KeepIfImpossible() { return settings_.on_impossible = OnImpossible::kKeep, *this; }
  Job& Array(std::string_view indices);    // "1-10%2"
  Job& After(std::string_view condition);  // "done(1) && !exit(2)"
  Job& BeginAt(TimePoint at) { return spec_.begin_at = at, *this; }
  Job& Held() { return spec_.held = true, *this; }
  Job& Token(std::uint8_t seed) { return spec_.token.bytes.fill(seed), *this; }

  const Principal& who() const { return who_; }
  JobSpec spec() const;

 private:
  Principal who_;
  JobSettings settings_;
  JobSpec spec_;
};

// "12", "12[17]" or a JobId.
class TaskName {
 public:
  TaskName(JobId job) : target_{job.value(), std::nullopt} {}  // NOLINT: tests pass either
  TaskName(std::string_view text);                             // NOLINT
  TaskName(const char* text) : TaskName(std::string_view(text)) {}
  TaskName(const std::string& text) : TaskName(std::string_view(text)) {}
  const JobTarget& target() const { return target_; }

 private:
  JobTarget target_;
};

// "ok" or the message: what comparisons of answers read best with.
inline std::string Says(const Status& status) { return status ? "ok" : status.error().message; }

inline TaskName Child(JobId job, std::uint32_t index) { return ToString(JobTarget{job.value(), index}); }

}  // namespace bsub::testing
