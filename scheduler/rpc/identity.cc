#include "scheduler/rpc/identity.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace bsub::rpc {

Status AuthorizeIdentity(const AuthorityPolicy& policy, const Identity& identity, Verb verb,
                         const Principal* owner, std::string_view what) {
  if (!identity.node_only) return Authorize(policy, identity.principal, verb, owner, what);
  if (Allowed(Role::kNode, verb)) return OkStatus();
  return PermissionDenied("the node token " + identity.principal.name + " may not " +
                          std::string(ToString(verb)) + " " + std::string(what) +
                          "; use a user's or an administrator's token");
}

Principal LocalPrincipal(std::uint32_t uid, std::uint32_t gid, std::vector<std::uint32_t> groups) {
  std::sort(groups.begin(), groups.end());
  Principal who{.uid = uid, .gid = gid, .groups = std::move(groups), .name = "uid " + std::to_string(uid)};
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found) who.name = found->pw_name;
  return who;
}

}  // namespace bsub::rpc
