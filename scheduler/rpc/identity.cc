#include "scheduler/rpc/identity.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace bsub::rpc {

Status AuthorizeIdentity(const AuthorityPolicy& policy, const Identity& identity, Verb verb,
                         const Principal* owner, std::string_view what) {
  if (!identity.node_only) return Authorize(policy, identity.principal, verb, owner, what);
  if (Allowed(Role::kNode, verb)) return OkStatus();
  return PermissionDenied("the node token " + identity.principal.name + " may not " +
                          std::string(ToString(verb)) + " " + std::string(what) +
                          "; use a user's or an administrator's token");
}

namespace {

// The user database's entry, as far as a principal needs it.
struct KnownUser {
  std::string name;
  gid_t gid = 0;
};

std::optional<KnownUser> FindUser(std::uint32_t uid) {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return KnownUser{found->pw_name, found->pw_gid};
}

}  // namespace

std::optional<Principal> DatabasePrincipal(std::uint32_t uid) {
  const auto user = FindUser(uid);
  if (!user) return std::nullopt;
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (getgrouplist(user->name.c_str(), user->gid, groups.data(), &count) < 0)
    groups.resize(static_cast<std::size_t>(count));
  groups.resize(static_cast<std::size_t>(count));
  return LocalPrincipal(uid, user->gid, {groups.begin(), groups.end()});
}

Principal LocalPrincipal(std::uint32_t uid, std::uint32_t gid, std::vector<std::uint32_t> groups) {
  std::sort(groups.begin(), groups.end());
  Principal who{.uid = uid, .gid = gid, .groups = std::move(groups), .name = "uid " + std::to_string(uid)};
  if (auto user = FindUser(uid)) who.name = std::move(user->name);
  return who;
}

}  // namespace bsub::rpc
