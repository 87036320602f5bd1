// Cancel, hold, release, requeue, priority: of named jobs, or of all that match a filter.
#include <string>
#include <utility>
#include <vector>

#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/job_filter.h"
#include "scheduler/rpc/status_table.h"
#include "scheduler/rpc/targets.h"

namespace bsub::rpc {
namespace {

Result<sched::ControlAction> ActionFrom(v1::Action action) {
  switch (action) {
    case v1::CANCEL:
      return sched::ControlAction::kCancel;
    case v1::HOLD:
      return sched::ControlAction::kHold;
    case v1::RELEASE:
      return sched::ControlAction::kRelease;
    case v1::REQUEUE:
      return sched::ControlAction::kRequeue;
    case v1::SET_PRIORITY:
      return sched::ControlAction::kSetPriority;
    default:
      return InvalidArgument("action: " + std::to_string(action) +
                             " is unknown; is the client newer than the scheduler?");
  }
}

// What a filter selects is limited to what the action can change, and to the caller's own jobs unless he may
// touch others' and asked for them.
class Selection {
 public:
  Selection(const Services& services, const Principal& who, sched::ControlAction action,
            const JobFilter& filter)
      : services_(services), who_(who), action_(action), filter_(filter) {}

  Result<std::vector<JobTarget>> In(const sched::State& state) const {
    const bool admin = RoleOf(services_.policy, who_, nullptr) == Role::kAdmin;
    if (!admin && filter_.NamesOthersThan(who_)) return Others();
    std::vector<JobTarget> targets;
    for (const auto& [id, job] : state.jobs) {
      if (job.Over() != (action_ == sched::ControlAction::kRequeue)) continue;
      const bool own = job.spec.settings->owner.uid == who_.uid;
      if (!own && !(admin && filter_.NamesOwner())) continue;
      if (!filter_.Matches(state, job)) continue;
      if (targets.size() == services_.settings.max_targets) {
        return ResourceExhausted("filter: more than " + std::to_string(targets.size()) +
                                 " jobs match; narrow it down, e.g. by queue or name");
      }
      targets.push_back({id.value(), std::nullopt});
    }
    return targets;
  }

 private:
  // Taking nothing instead would look as if nobody had such jobs.
  Error Others() const {
    return PermissionDenied("user " + who_.name +
                            " may not change jobs of others; without --user only your own are chosen");
  }

  const Services& services_;
  const Principal& who_;
  const sched::ControlAction action_;
  const JobFilter& filter_;
};

struct Request {
  sched::Control input;
  JobFilter filter;
  bool by_filter = false;
};

Result<Request> Translate(const Services& services, const Identity& who, const v1::ControlRequest& request) {
  Request out;
  BSUB_ASSIGN_OR_RETURN(out.input.action, ActionFrom(request.action()));
  out.by_filter = request.targets().empty();
  if (out.by_filter && !request.has_filter()) return InvalidArgument("targets: name a job, or give a filter");
  if (!out.by_filter && request.has_filter())
    return InvalidArgument("filter: give targets or a filter, not both");
  BSUB_ASSIGN_OR_RETURN(out.input.targets, ParseTargets({request.targets().begin(), request.targets().end()},
                                                        services.settings.max_targets));
  BSUB_ASSIGN_OR_RETURN(out.filter, JobFilter::Make(request.filter()));
  out.input.who = who.principal;
  out.input.reason = request.reason();
  out.input.priority = request.priority();
  return out;
}

void FillResults(const std::vector<JobTarget>& targets, const std::vector<Status>& results,
                 v1::ControlReply& reply) {
  for (std::size_t i = 0; i < results.size() && i < targets.size(); ++i) {
    v1::ControlResult& out = *reply.add_results();
    out.set_target(ToString(targets[i]));
    if (results[i]) continue;
    out.set_error_code(static_cast<std::int32_t>(results[i].error().code));
    out.set_error(results[i].error().message);
  }
}

}  // namespace

void Control(const Services& services, const Identity& who, const v1::ControlRequest& request,
             v1::ControlReply& reply, Done done) {
  auto translated = Translate(services, who, request);
  if (!translated) return done(translated.error());
  const auto shared = std::make_shared<Request>(std::move(*translated));
  const auto decide = [&services, shared](const CoreView& view) -> Result<sched::InputBody> {
    if (shared->by_filter) {
      const Selection selection(services, shared->input.who, shared->input.action, shared->filter);
      BSUB_ASSIGN_OR_RETURN(shared->input.targets, selection.In(view.state()));
    }
    return shared->input;
  };
  const Status sent = services.core.Decide(decide, {}, [shared, &reply, done](Result<sched::ReplyBody> body) {
    if (!body) return done(body.error());
    FillResults(shared->input.targets, std::get<sched::ControlResults>(*body).results, reply);
    done(OkStatus());
  });
  if (!sent) done(sent.error());
}

}  // namespace bsub::rpc
