// What a caller must be allowed to do to make a call at all, per method of the wire's services: one table,
// and what it does not list is denied to everybody. Whose job a call is about is judged later, in the core,
// by the same Authorize.
#pragma once

#include <grpcpp/server_context.h>

#include <optional>
#include <string_view>

#include "common/result.h"
#include "jobs/authority.h"
#include "scheduler/rpc/identity.h"

namespace bsub::rpc {

// `method` is "Scheduler.Submit", "Worker.Connect", …; nothing for one that is not listed.
std::optional<Verb> VerbOfMethod(std::string_view method);

// Who calls, once it is proved who it is and that such a caller may call `method`.
Result<Identity> Admit(const Identifier& identifier, const AuthorityPolicy& policy,
                       const grpc::ServerContextBase& context, std::string_view method);

}  // namespace bsub::rpc
