// What a process of a multi-node job knows of its attempt: which nodes it has, which of them this one is, and
// the secret by which its parts know each other. All of it comes from the environment (worker/launch).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub::step {

// Seconds; what the spawner was told (--step-patience), or the job says.
inline constexpr const char* kPatienceVariable = "BSUB_STEP_PATIENCE";
inline constexpr std::chrono::seconds kDefaultPatience = std::chrono::minutes(2);

// The attempt's own: who was begun with it is a part of the attempt.
inline constexpr const char* kSecretVariable = "BSUB_GANG_SECRET";

struct GangNode {
  std::string name;
  std::string address;
};

struct Gang {
  std::vector<GangNode> nodes;
  std::uint32_t index = 0;  // of this node
  std::string secret;       // 64 hexadecimal digits
  std::string scratch;      // the attempt's directory on this node
  // How long a node's step server may take to answer.
  std::chrono::seconds patience = kDefaultPatience;

  const GangNode& own() const { return nodes[index]; }
  std::optional<std::uint32_t> IndexOf(std::string_view name) const;
};

// getenv(3), or a test's.
using Lookup = std::function<const char*(const char* name)>;

// FailedPrecondition names the variable that is missing: this is then no part of a multi-node job.
// InvalidArgument names one that somebody has changed.
Result<Gang> GangFromEnvironment(const Lookup& lookup);

}  // namespace bsub::step
