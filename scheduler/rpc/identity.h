// Who is at the other end of a call, and how an adapter knows.
#pragma once

#include <grpcpp/server_context.h>

#include <memory>
#include <optional>

#include "common/result.h"
#include "jobs/authority.h"
#include "jobs/principal.h"

namespace bsub::rpc {

struct Identity {
  Principal principal;
  bool node_only = false;  // holds a node token: may run a worker node and nothing else
};

// Authorize for an identity: the one place that turns what a connection proved into a decision.
Status AuthorizeIdentity(const AuthorityPolicy& policy, const Identity& identity, Verb verb,
                         const Principal* owner, std::string_view what);

// A user of this machine: name from the user database, or "uid 1234" for one it does not know.
Principal LocalPrincipal(std::uint32_t uid, std::uint32_t gid, std::vector<std::uint32_t> groups);

// The same with group and supplementary groups from the user database, for a uid that a token stands for.
// Nothing for a uid that it does not know: its groups must not be guessed, tasks run with them.
std::optional<Principal> DatabasePrincipal(std::uint32_t uid);

class Identifier {
 public:
  virtual ~Identifier() = default;
  virtual Result<Identity> Identify(const grpc::ServerContextBase& context) const = 0;
};

// Every call of a connection over the Unix socket is made by whoever connected.
class FixedIdentifier final : public Identifier {
 public:
  explicit FixedIdentifier(Identity identity) : identity_(std::move(identity)) {}
  Result<Identity> Identify(const grpc::ServerContextBase&) const override { return identity_; }

 private:
  Identity identity_;
};

}  // namespace bsub::rpc
