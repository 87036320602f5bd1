// Who may do what to whose job: the one place that decides. Anything not listed is denied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "jobs/principal.h"

namespace bsub {

enum class Verb : std::uint8_t {
  kSubmit,
  kViewJob,
  kReadOutput,
  kCancel,
  kHold,
  kRelease,
  kRequeue,
  kLowerPriority,
  kRaisePriority,
  kRegisterDefinition,
  kSetQueue,
  kSetNode,
  kRunNode,   // connect as a worker node
  kShutDown,
};
inline constexpr int kVerbCount = 14;

enum class Role : std::uint8_t {
  kOther,  // any known user, towards somebody else's job
  kOwner,  // of the job
  kAdmin,  // root, the user who runs the scheduler, or listed as an administrator
  kNode,   // holds the node token
};
inline constexpr int kRoleCount = 4;

std::string_view ToString(Verb verb);
std::string_view ToString(Role role);

bool Allowed(Role role, Verb verb);

struct AuthorityPolicy {
  std::uint32_t cluster_uid = 0;        // who runs the scheduler
  std::vector<std::string> admins;      // more names
};

// The role of `who` towards something of `owner` (null: towards the cluster, where everybody is an owner of what
// they are about to make).
Role RoleOf(const AuthorityPolicy& policy, const Principal& who, const Principal* owner);

// PermissionDenied with a plain sentence, or success.
Status Authorize(const AuthorityPolicy& policy, const Principal& who, Verb verb, const Principal* owner, std::string_view what);

}  // namespace bsub
