// Cancel, hold, release, requeue, priority: of named jobs, or of all that match a filter.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/utf8.h"
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
  BSUB_ASSIGN_OR_RETURN(out.filter, JobFilter::Make(request.filter(), who.principal));
  out.input.who = who.principal;
  out.input.reason = request.reason();
  out.input.priority = request.priority();
  out.input.again = request.again();
  return out;
}

void FillResults(const std::vector<JobTarget>& targets, const std::vector<Status>& results,
                 v1::ControlReply& reply) {
  for (std::size_t i = 0; i < results.size() && i < targets.size(); ++i) {
    v1::ControlResult& out = *reply.add_results();
    out.set_target(ToString(targets[i]));
    if (results[i]) continue;
    out.set_error_code(static_cast<std::int32_t>(results[i].error().code));
    out.set_error(ToUtf8(results[i].error().message));
  }
}

// One call, held by what is under way for it.
//
// What a filter selects is limited to what the action can change, and to the caller's own jobs unless he may
// touch others' and asked for them. It is gathered in pages, so that the core's thread is never held for
// long, and looked at once more when it is changed.
class ControlCall : public std::enable_shared_from_this<ControlCall> {
 public:
  ControlCall(const Services& services, Request request, v1::ControlReply& reply, Done done)
      : services_(services), request_(std::move(request)), reply_(reply), done_(std::move(done)) {
    const bool admin = RoleOf(services_.policy, request_.input.who, nullptr) == Role::kAdmin;
    everybody_ = admin && request_.filter.NamesOwner();
    allowed_ = admin || !request_.filter.NamesOthersThan(request_.input.who);
  }

  void Begin() {
    if (!request_.by_filter) return Decide();
    // Taking nothing instead would look as if nobody had such jobs.
    if (!allowed_) {
      return done_(PermissionDenied("user " + request_.input.who.name +
                                    " may not change jobs of others; without --user only your own are "
                                    "chosen"));
    }
    Gather();
  }

 private:
  void Gather() {
    const Status sent =
        services_.core.Read([self = shared_from_this()](const CoreView& view) -> std::function<void()> {
          const Result<bool> more = self->everybody_ ? self->LookAtAll(view) : self->LookAtOwn(view);
          if (!more) return [self, error = more.error()] { self->done_(error); };
          if (*more) return [self] { self->Gather(); };
          return [self] { self->Decide(); };
        });
    if (!sent) done_(sent.error());
  }

  // On the core's thread, as the next one; false: that was the last page.
  Result<bool> LookAtOwn(const CoreView& view) {
    const auto page =
        view.scheduler.JobsOfOwner(request_.input.who.uid, after_, services_.settings.list_page_jobs);
    for (const sched::NameKey& key : page) BSUB_RETURN_IF_ERROR(Add(view, *view.state().FindJob(key.job)));
    if (!page.empty()) after_ = page.back();
    return page.size() == services_.settings.list_page_jobs;
  }

  Result<bool> LookAtAll(const CoreView& view) {
    auto it = view.state().jobs.upper_bound(after_.job);
    for (std::size_t n = 0; n < services_.settings.list_page_jobs; ++n, ++it) {
      if (it == view.state().jobs.end()) return false;
      BSUB_RETURN_IF_ERROR(Add(view, it->second));
      after_.job = it->first;
    }
    return true;
  }

  Status Add(const CoreView& view, const sched::Job& job) {
    if (!Selects(view, job)) return OkStatus();
    std::vector<JobTarget>& targets = request_.input.targets;
    if (targets.size() == services_.settings.max_targets) {
      return ResourceExhausted("filter: more than " + std::to_string(targets.size()) +
                               " jobs match; narrow it down, e.g. by queue or name");
    }
    targets.push_back({job.id.value(), std::nullopt});
    return OkStatus();
  }

  bool Selects(const CoreView& view, const sched::Job& job) const {
    if (job.Over() != (request_.input.action == sched::ControlAction::kRequeue)) return false;
    return request_.filter.Matches(view.state(), job);
  }

  void Decide() {
    if (request_.by_filter) {
      std::sort(request_.input.targets.begin(), request_.input.targets.end(),
                [](const JobTarget& a, const JobTarget& b) { return a.job < b.job; });
    }
    const auto decide = [self = shared_from_this()](const CoreView& view) -> Result<sched::InputBody> {
      if (self->request_.by_filter) self->DropWhatChanged(view);
      return self->request_.input;
    };
    const Status sent =
        services_.core.Decide(decide, {}, [self = shared_from_this()](Result<sched::ReplyBody> body) {
          if (!body) return self->done_(body.error());
          FillResults(self->request_.input.targets, std::get<sched::ControlResults>(*body).results,
                      self->reply_);
          self->done_(OkStatus());
        });
    if (!sent) done_(sent.error());
  }

  // A job that ended since it was chosen is not meant any more.
  void DropWhatChanged(const CoreView& view) {
    std::erase_if(request_.input.targets, [&](const JobTarget& target) {
      const sched::Job* job = view.state().FindJob(JobId(target.job));
      return !job || !Selects(view, *job);
    });
  }

  const Services& services_;
  Request request_;
  v1::ControlReply& reply_;
  const Done done_;
  bool everybody_ = false;  // not the caller's own jobs alone
  bool allowed_ = true;
  sched::NameKey after_;  // the last one looked at
};

}  // namespace

void Control(const Services& services, const Identity& who, const v1::ControlRequest& request,
             v1::ControlReply& reply, Done done) {
  auto translated = Translate(services, who, request);
  if (!translated) return done(translated.error());
  std::make_shared<ControlCall>(services, std::move(*translated), reply, std::move(done))->Begin();
}

}  // namespace bsub::rpc
