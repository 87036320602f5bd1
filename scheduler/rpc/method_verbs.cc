#include "scheduler/rpc/method_verbs.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "jobs/units.h"
#include "scheduler/rpc/protocol.h"

namespace bsub::rpc {
namespace {

// Control and Logs need no more than sight of a job here: the core and the log stream judge each job by its
// owner.
constexpr std::array<std::pair<std::string_view, Verb>, 26> kVerbs = {{
    {"Scheduler.Submit", Verb::kSubmit},
    {"Scheduler.SubmitStream", Verb::kSubmit},
    {"Scheduler.TrySubmit", Verb::kSubmit},
    {"Scheduler.Control", Verb::kViewJob},
    {"Scheduler.ListJobs", Verb::kViewJob},
    {"Scheduler.GetJob", Verb::kViewJob},
    {"Scheduler.Why", Verb::kViewJob},
    {"Scheduler.When", Verb::kViewJob},
    {"Scheduler.Wait", Verb::kViewJob},
    {"Scheduler.Events", Verb::kViewJob},
    {"Scheduler.Logs", Verb::kViewJob},
    {"Scheduler.ListQueues", Verb::kViewJob},
    {"Scheduler.SetQueue", Verb::kSetQueue},
    {"Scheduler.DeleteQueue", Verb::kSetQueue},
    {"Scheduler.ListReservations", Verb::kViewJob},
    {"Scheduler.CreateReservation", Verb::kSetQueue},
    {"Scheduler.DeleteReservation", Verb::kSetQueue},
    {"Scheduler.ListNodes", Verb::kViewJob},
    {"Scheduler.SetNode", Verb::kSetNode},
    {"Scheduler.ListEnvironments", Verb::kViewJob},
    {"Scheduler.RegisterDefinition", Verb::kRegisterDefinition},
    {"Scheduler.DeregisterDefinition", Verb::kDeregisterDefinition},
    {"Scheduler.ListDefinitions", Verb::kViewJob},
    {"Scheduler.Status", Verb::kViewJob},
    {"Scheduler.ShutDown", Verb::kShutDown},
    {"Worker.Connect", Verb::kRunNode},
}};

// A client that says which protocol it speaks is told when that does not fit; others are judged by what they
// send.
Status CheckProtocol(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto it = metadata.find("bsub-protocol");
  if (it == metadata.end()) return OkStatus();
  const auto number = ParseInteger(std::string(it->second.data(), it->second.size()), 0, 1'000'000);
  if (!number) return InvalidArgument("bsub-protocol: " + number.error().message);
  return CheckClientProtocol(static_cast<std::int32_t>(*number));
}

std::string_view AskedOf(Verb verb) {
  return verb == Verb::kSubmit ? "jobs to this cluster" : "this cluster";
}

}  // namespace

std::optional<Verb> VerbOfMethod(std::string_view method) {
  const auto found = std::ranges::find(kVerbs, method, &std::pair<std::string_view, Verb>::first);
  return found == kVerbs.end() ? std::nullopt : std::optional(found->second);
}

Result<Identity> Admit(const Identifier& identifier, const AuthorityPolicy& policy,
                       const grpc::ServerContextBase& context, std::string_view method) {
  BSUB_ASSIGN_OR_RETURN(Identity who, identifier.Identify(context));
  const auto verb = VerbOfMethod(method);
  if (!verb)
    return PermissionDenied(std::string(method) + ": nobody may call it; it is in no list of rights");
  BSUB_RETURN_IF_ERROR(AuthorizeIdentity(policy, who, *verb, nullptr, AskedOf(*verb)));
  BSUB_RETURN_IF_ERROR(CheckProtocol(context));
  return who;
}

}  // namespace bsub::rpc
