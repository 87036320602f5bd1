#include "jobs/authority.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace bsub {
namespace {

struct Grant {
  Verb verb;
  bool other;
  bool owner;
  bool admin;
  bool node;
};

// One row per verb; a verb without a row is denied to everybody.
// clang-format off
constexpr std::array kGrants = {
    //                            other  owner  admin  node
    Grant{Verb::kSubmit,             true,  true,  true,  false},
    Grant{Verb::kViewJob,            true,  true,  true,  false},
    Grant{Verb::kReadOutput,         false, true,  true,  false},
    Grant{Verb::kCancel,             false, true,  true,  false},
    Grant{Verb::kHold,               false, true,  true,  false},
    Grant{Verb::kRelease,            false, true,  true,  false},
    Grant{Verb::kRequeue,            false, true,  true,  false},
    Grant{Verb::kLowerPriority,      false, true,  true,  false},
    Grant{Verb::kRaisePriority,      false, false, true,  false},
    Grant{Verb::kRegisterDefinition, false, true,  true,  false},
    Grant{Verb::kDeregisterDefinition, false, true, true, false},
    Grant{Verb::kSetQueue,           false, false, true,  false},
    Grant{Verb::kSetNode,            false, false, true,  false},
    Grant{Verb::kRunNode,            false, false, true,  true},
    Grant{Verb::kShutDown,           false, false, true,  false},
};
// clang-format on

constexpr std::uint32_t kRootUid = 0;

}  // namespace

std::string_view ToString(Verb verb) {
  switch (verb) {
    case Verb::kSubmit:
      return "submit";
    case Verb::kViewJob:
      return "view";
    case Verb::kReadOutput:
      return "read the output of";
    case Verb::kCancel:
      return "cancel";
    case Verb::kHold:
      return "hold";
    case Verb::kRelease:
      return "release";
    case Verb::kRequeue:
      return "requeue";
    case Verb::kLowerPriority:
      return "lower the priority of";
    case Verb::kRaisePriority:
      return "raise the priority of";
    case Verb::kRegisterDefinition:
      return "register";
    case Verb::kDeregisterDefinition:
      return "deregister";
    case Verb::kSetQueue:
      return "change";
    case Verb::kSetNode:
      return "change the state of";
    case Verb::kRunNode:
      return "run a worker for";
    case Verb::kShutDown:
      return "shut down";
  }
  return "touch";
}

std::string_view ToString(Role role) {
  switch (role) {
    case Role::kOther:
      return "other user";
    case Role::kOwner:
      return "owner";
    case Role::kAdmin:
      return "administrator";
    case Role::kNode:
      return "node";
  }
  return "unknown";
}

bool Allowed(Role role, Verb verb) {
  for (const Grant& grant : kGrants) {
    if (grant.verb != verb) continue;
    switch (role) {
      case Role::kOther:
        return grant.other;
      case Role::kOwner:
        return grant.owner;
      case Role::kAdmin:
        return grant.admin;
      case Role::kNode:
        return grant.node;
    }
  }
  return false;
}

Role RoleOf(const AuthorityPolicy& policy, const Principal& who, const Principal* owner) {
  const bool listed = std::find(policy.admins.begin(), policy.admins.end(), who.name) != policy.admins.end();
  if (who.uid == kRootUid || who.uid == policy.cluster_uid || (listed && !who.name.empty()))
    return Role::kAdmin;
  return owner == nullptr || owner->uid == who.uid ? Role::kOwner : Role::kOther;
}

Status Authorize(const AuthorityPolicy& policy, const Principal& who, Verb verb, const Principal* owner,
                 std::string_view what) {
  const Role role = RoleOf(policy, who, owner);
  if (Allowed(role, verb)) return OkStatus();
  const std::string name = who.name.empty() ? "uid " + std::to_string(who.uid) : who.name;
  std::string message = name + " may not " + std::string(ToString(verb)) + " " + std::string(what);
  const bool owner_may = Allowed(Role::kOwner, verb);
  if (owner_may && owner != nullptr && !owner->name.empty()) {
    message += ": it belongs to " + owner->name + "; ask " + owner->name + " or an administrator";
  } else {
    message += owner_may ? "; ask its owner or an administrator" : "; ask an administrator";
  }
  return PermissionDenied(std::move(message));
}

}  // namespace bsub
