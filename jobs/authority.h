// Who may do what to whose job: the one place that decides. Anything not listed is denied.
//
// Everybody may see every job (a queue whose jobs are hidden cannot be understood) but not its output. An
// owner sets the priority when submitting, up to a limit of the cluster, and may lower it later; raising it
// later would overtake others who cannot object, so that takes an administrator.
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
  kDeregisterDefinition,
  kSetQueue,
  kSetNode,
  kRunNode,  // connect as a worker node
  kShutDown,
};
inline constexpr int kVerbCount = 15;

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
  std::uint32_t cluster_uid = 0;      // who runs the scheduler
  std::vector<std::string> admins{};  // more names
};

// Ownership is by uid: it is what tasks run as, so an equal uid has equal power over the processes anyway.
// Adapters must therefore never leave the uid of a token's principal at 0. kNode is never derived from a
// principal: the adapter that has checked a node token asks Allowed(Role::kNode, …).
//
// The role of `who` towards something of `owner` (null: towards the cluster, where everybody is an owner of
// what they are about to make).
Role RoleOf(const AuthorityPolicy& policy, const Principal& who, const Principal* owner);

// PermissionDenied with a plain sentence, or success.
Status Authorize(const AuthorityPolicy& policy, const Principal& who, Verb verb, const Principal* owner,
                 std::string_view what);

}  // namespace bsub
