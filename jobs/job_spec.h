// What was asked: the immutable part of a job, as accepted at submit.
//
// Split in two by what repeats: thousands of jobs of one user differ in name and command and share all the
// rest, so the core keeps equal JobSettings once and JobSpec per job.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/hash.h"
#include "common/time.h"
#include "jobs/array_spec.h"
#include "jobs/checkpoint_spec.h"
#include "jobs/dependency.h"
#include "jobs/gang.h"
#include "jobs/principal.h"
#include "jobs/resources.h"
#include "jobs/retry.h"

namespace bsub {

// A resource limit to set in the job, as in setrlimit(2); -1: unlimited.
struct ProcessLimit {
  std::string name{};  // "nofile", "core", "stack", …
  std::int64_t soft = -1;
  std::int64_t hard = -1;
  friend auto operator<=>(const ProcessLimit&, const ProcessLimit&) = default;
};

enum class OnImpossible : std::uint8_t {
  kEnd,   // a dependency that can never be met ends the job as FAILED
  kKeep,  // the job stays PENDING and says why
};

struct JobSettings {
  Principal owner{};
  std::string submit_host{};
  std::string working_directory{};
  std::uint32_t umask = 022;
  std::vector<ProcessLimit> limits{};
  PayloadHash environment{};  // see api/bsub/v1/payload.proto

  std::string queue{};
  std::int32_t priority = 0;  // higher first, -1000000..1000000
  std::string project{};
  std::string share_identifier{};
  Resources request{};
  Duration walltime{};                             // per attempt; zero: none
  Duration stop_grace = std::chrono::seconds(30);  // between TERM and KILL
  RetryStrategy retry{};
  std::int32_t max_interruptions = -1;  // -1: the cluster's default (100)
  OnImpossible on_impossible = OnImpossible::kEnd;

  std::string definition{};   // "name:revision", or empty
  std::string stdout_path{};  // as written, %J %I %A expanded on the node; empty: the node's spool
  std::string stderr_path{};  // empty: with stdout
  std::map<std::string, std::string> tags{};

  GangSpec gang{};  // `request` is what it takes of each node
  std::vector<NodeRange> node_ranges{};
  CheckpointSpec checkpoint{};
  std::string reservation{};  // an advance reservation, on whose nodes and in whose time it runs; empty: none

  friend auto operator<=>(const JobSettings&, const JobSettings&) = default;
};

// 128 random bits made by the client, so that a repeated submit returns the first id. All zero: none.
struct SubmitToken {
  std::array<std::uint8_t, 16> bytes{};
  bool empty() const { return *this == SubmitToken{}; }
  friend auto operator<=>(const SubmitToken&, const SubmitToken&) = default;
};

struct JobSpec {
  std::string name{};
  std::shared_ptr<const JobSettings> settings{};  // never null once accepted
  PayloadHash command{};                          // see api/bsub/v1/payload.proto
  std::optional<ArraySpec> array{};
  Dependency dependency{};
  TimePoint begin_at{};  // not before; unset: at once
  bool held = false;
  SubmitToken token{};
};

struct SpecLimits {
  std::size_t max_name_bytes =
      4094;  // LSF's limit; Nextflow sends up to 511. AWS's 128 is its adapter's to check
  std::size_t max_tags = 50;
  std::uint32_t max_nodes = 10'000;  // of one job
  std::size_t max_path_bytes = 4096;
  ArrayLimits array{};
  DependencyLimits dependency{};
};

// Everything about a spec that can be judged without looking at the cluster. Names the field, the value and
// what was expected.
Status Validate(const JobSpec& spec, const SpecLimits& limits = {});
// The same of one whose settings are known to be good.
Status ValidateAllButSettings(const JobSpec& spec, const SpecLimits& limits = {});

}  // namespace bsub
