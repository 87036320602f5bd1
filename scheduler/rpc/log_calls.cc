// Logs: an attempt's output, and with follow those of the attempts after it, streamed from its node through
// here. The core is asked where it is, and sees no output. If the node cannot be asked, what the scheduler
// kept of the output is shown, and a notice says so.
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/utf8.h"
#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/launch_builder.h"
#include "scheduler/rpc/node_registry.h"
#include "scheduler/rpc/output_spool.h"
#include "scheduler/rpc/stream_writer.h"
#include "scheduler/rpc/targets.h"
#include "scheduler/rpc/wait_hub.h"

namespace bsub::rpc {
namespace {

// Where an attempt's output is.
struct Place {
  sched::AttemptRef attempt;
  std::string id;         // for messages
  std::string node_name;  // empty: to be found in the history
  NodeId node;            // not valid: it is no longer known
  Sequence seen;
  bool waiting = false;     // there is no attempt yet
  bool over = false;        // the job is
  std::uint32_t least = 0;  // the attempt that is wanted, or the first one after it; 0: the newest
};

class LogStream final : public StreamWriter<grpc::ServerWriteReactor<v1::LogChunk>, v1::LogChunk> {
 public:
  LogStream(const Services& services, Identity who, v1::LogsRequest request)
      : services_(services),
        who_(std::move(who)),
        request_(std::move(request)),
        next_(Continues() ? request_.from_attempt() : 0) {}

  grpc::ServerWriteReactor<v1::LogChunk>* Open() {
    KeepUntilDone();
    const std::weak_ptr<LogStream> weak = Self();
    stream_id_ = services_.streams.Add([weak](const Error& reason) {
      if (const auto self = weak.lock()) self->End(reason);
    });
    auto target = ParseJobTarget(request_.target());
    if (!target) return End(target.error()), this;
    target_ = *target;
    Find();
    return this;
  }

 private:
  std::shared_ptr<LogStream> Self() { return std::static_pointer_cast<LogStream>(shared_from_this()); }

  // Goes on with the next attempt when one is over.
  bool Continues() const { return request_.follow() && request_.attempt() == 0; }

  void OnOver() override {
    std::uint64_t log = 0;
    WaitHub::WatchId watch = 0;
    {
      const std::lock_guard lock(mutex_);
      log = log_;
      watch = watch_;
    }
    if (log != 0) services_.nodes.StopLog(log);
    if (watch != 0) services_.waits.Unwatch(watch);
    services_.streams.Remove(stream_id_);
  }

  void Find() {
    if (ending()) return;
    std::uint32_t least = 0;
    {
      const std::lock_guard lock(mutex_);
      least = next_;
    }
    const Status sent = services_.core.Read([self = Self(), least](const CoreView& view) {
      auto place = std::make_shared<Result<Place>>(self->Locate(view, least));
      return [self, place] { self->Go(*place); };
    });
    if (sent) return;
    // Too much to do is no reason to break off.
    if (sent.error().code != Code::kResourceExhausted) return End(sent.error());
    services_.timers.After(services_.settings.wait_report_interval, [self = Self()] { self->Find(); });
  }

  // On the core's thread.
  Result<Place> Locate(const CoreView& view, std::uint32_t least) const {
    BSUB_ASSIGN_OR_RETURN(const FoundTarget found, FindTarget(view.state(), target_));
    const std::string job = "job " + std::to_string(target_.job);
    BSUB_RETURN_IF_ERROR(
        AuthorizeIdentity(services_.policy, who_, Verb::kReadOutput, &found.job->spec.settings->owner, job));
    if (found.job->array && !found.ordinal) {
      return NameOneChild(job, found.job->spec.array->IndexOf(0));
    }
    const std::uint32_t ordinal = found.ordinal.value_or(0);
    const sched::Task* task = sched::FindTask(*found.job, ordinal);
    Place place;
    place.id = sched::DisplayId(*found.job, ordinal);
    place.attempt = {{found.job->id, ordinal}, request_.attempt()};
    place.seen = view.state().last_sequence;
    place.over = IsOver(sched::StateOf(*found.job, ordinal));
    place.least = least;
    if (!task || !task->attempt) {
      const std::uint32_t given = sched::AttemptsGiven(*found.job, ordinal);
      place.waiting = !place.over && (given == 0 || given < least);
      return place;
    }
    if (request_.attempt() != 0 && request_.attempt() != task->attempt->number) return place;
    // Its output has come to its end, but its end has not come here.
    place.waiting = task->attempt->number < least;
    if (least != 0 && task->attempt->number != least) return place;
    place.attempt.number = task->attempt->number;
    place.node = task->attempt->node;
    place.node_name = view.state().nodes.at(place.node).description.name;
    return place;
  }

  void Go(Result<Place>& place) {
    if (!place && place.error() == NoSuchJob(target_)) {
      services_.readers.Run([self = Self()] { self->FindForgotten(); });
      return;
    }
    if (!place) return End(place.error());
    if (place->waiting) return WaitForStart(*place);
    if (place->node.valid()) return Ask(*place);
    const auto shared = std::make_shared<Place>(std::move(*place));
    services_.readers.Run([self = Self(), shared] { self->LookBack(*shared); });
  }

  // Nothing to show yet: with follow, until there is.
  void WaitForStart(const Place& place) {
    if (!request_.follow()) {
      return End(FailedPrecondition("job " + place.id + " has not started; 'bsub-lite why " + place.id +
                                    "' tells why"));
    }
    {
      const std::lock_guard lock(mutex_);
      if (watch_ != 0) return;
      const std::weak_ptr<LogStream> weak = Self();
      watch_ = services_.waits.Watch({JobId(target_.job)}, [weak, this](const std::vector<JobId>&) {
        const auto self = weak.lock();
        if (self && !self->Found())
          services_.timers.After(services_.settings.wait_look_interval, [self] { self->Find(); });
      });
    }
    Find();  // what happened between the look and the watch
  }

  bool Found() const {
    const std::lock_guard lock(mutex_);
    return found_;
  }

  // A job that only the history knows. Its node, or what was kept here, may still have its output.
  void FindForgotten() {
    const auto past = services_.history.FindJob(JobId(target_.job));
    if (!past) return End(past.error());
    if (!*past) return End(NoSuchJob(target_));
    const JobSpec& spec = (*past)->submitted->spec;
    const std::string job = "job " + std::to_string(target_.job);
    const Status may = AuthorizeIdentity(services_.policy, who_, Verb::kReadOutput, &spec.settings->owner, job);
    if (!may) return End(may.error());
    const auto ordinal = FindOrdinal(spec, target_);
    if (!ordinal) return End(ordinal.error());
    if (spec.array && !*ordinal) return End(NameOneChild(job, spec.array->IndexOf(0)));
    Place place;
    place.id = ToString(target_);
    place.attempt = {{JobId(target_.job), ordinal->value_or(0)}, request_.attempt()};
    place.over = true;
    {
      const std::lock_guard lock(mutex_);
      place.least = next_;
    }
    LookBack(std::move(place));
  }

  Error NameOneChild(const std::string& job, std::uint32_t index) const {
    return InvalidArgument(job + " is an array; name one child, e.g. " +
                           ToString(JobTarget{target_.job, index}));
  }

  static const PastAttempt* Choose(const std::vector<PastAttempt>& attempts, const Place& place) {
    const PastAttempt* newest = nullptr;
    for (const PastAttempt& attempt : attempts) {  // in ascending order
      const std::uint32_t number = attempt.ended.attempt.number;
      if (place.least > 0 && number >= place.least) return &attempt;
      if (place.attempt.number == 0 || number == place.attempt.number) newest = &attempt;
    }
    return place.least > 0 ? nullptr : newest;
  }

  // A finished attempt: the history knows its node. On a reader's thread.
  void LookBack(Place place) {
    if (const Status ready = services_.history.WaitApplied(place.seen); !ready) return End(ready.error());
    const auto attempts = services_.history.AttemptsOf(place.attempt.task);
    if (!attempts) return End(attempts.error());
    const PastAttempt* wanted = Choose(*attempts, place);
    if (!wanted && place.least > 0) return place.over ? End(OkStatus()) : WaitForStart(place);
    if (!wanted) {
      const std::string which =
          place.attempt.number == 0 ? "" : " attempt " + std::to_string(place.attempt.number);
      return End(
          NotFound("job " + place.id + " has no" + which + (which.empty() ? " output: it never ran" : "")));
    }
    place.attempt.number = wanted->ended.attempt.number;
    place.node_name = wanted->node;
    place.node = wanted->ended.node;
    Ask(place);
  }

  void Ask(const Place& place) {
    {
      const std::lock_guard lock(mutex_);
      if (place.attempt.number < next_ || std::exchange(found_, true)) return;
    }
    v1::ReadLog request;
    FillAttemptKey(place.attempt, *request.mutable_attempt());
    request.set_standard_error(request_.standard_error());
    request.set_follow(request_.follow());
    // Of a later attempt nothing is left out.
    const bool first = place.least == request_.from_attempt();
    request.set_tail_bytes(first ? request_.tail_bytes() : 0);
    request.set_tail_lines(first ? request_.tail_lines() : 0);
    const std::weak_ptr<LogStream> weak = Self();
    const auto log = services_.nodes.StartLog(place.node, std::move(request),
                                              [weak, place](const Result<v1::LogData>& part) {
                                                const auto self = weak.lock();
                                                return self ? self->Take(place, part) : true;
                                              });
    if (!log) return ShowKept(place, log.error().message);
    const std::lock_guard lock(mutex_);
    if (place.attempt.number >= next_) log_ = *log;
  }

  // All of this attempt is shown.
  void AttemptShown(const Place& place) {
    if (!Continues()) return End(OkStatus());
    {
      const std::lock_guard lock(mutex_);
      next_ = place.attempt.number + 1;
      found_ = false;
      shown_ = 0;
      log_ = 0;
    }
    Find();
  }

  // False: read the node more slowly.
  bool Take(const Place& place, const Result<v1::LogData>& part) {
    if (!part || !part->error().empty()) {
      ShowKept(place, part ? part->error() : part.error().message);
      return true;
    }
    if (!part->data().empty()) {
      v1::LogChunk chunk;
      chunk.set_data(part->data());
      chunk.set_standard_error(part->standard_error());
      chunk.set_attempt(place.attempt.number);
      Write(std::move(chunk));
      const std::lock_guard lock(mutex_);
      shown_ += part->data().size();
    }
    // A guess from the size of this part is good enough: they all have about one size.
    const std::size_t unread = unwritten() * part->data().size();
    if (unread > services_.settings.max_unread_log_bytes) {
      End(ResourceExhausted(
          "the output is read more slowly than it comes; ask for its end, e.g. with --tail"));
    }
    if (part->end()) AttemptShown(place);
    return unread < services_.settings.max_unread_log_bytes / 16;
  }

  // The node cannot tell: what the scheduler kept, unless part of the output has been shown already.
  void ShowKept(const Place& place, const std::string& reason) {
    const auto shared = std::make_shared<std::pair<Place, std::string>>(place, reason);
    services_.readers.Run([self = Self(), shared] { self->WriteKept(shared->first, shared->second); });
  }

  void WriteKept(const Place& place, const std::string& reason) {
    {
      const std::lock_guard lock(mutex_);
      if (shown_ > 0) return End(Unavailable("the output of job " + place.id + " breaks off: " + reason));
    }
    const auto kept = services_.spool.Read(place.attempt, request_.standard_error());
    if (!kept) {
      return End(FailedPrecondition("the output of job " + place.id + " is on node " + place.node_name +
                                    ": " + reason + "; nothing of it was kept here"));
    }
    v1::LogChunk chunk;
    chunk.set_standard_error(request_.standard_error());
    chunk.set_attempt(place.attempt.number);
    chunk.set_notice(ToUtf8("node " + place.node_name + ": " + reason + "; this is what the scheduler kept" +
                            (kept->offset > 0 ? ", from byte " + std::to_string(kept->offset) + " on" : "")));
    chunk.set_data(std::string(TailOf(kept->data, request_.tail_bytes(), request_.tail_lines())));
    Write(std::move(chunk));
    AttemptShown(place);
  }

  const Services& services_;
  const Identity who_;
  const v1::LogsRequest request_;
  JobTarget target_;
  std::uint64_t stream_id_ = 0;

  mutable std::mutex mutex_;
  WaitHub::WatchId watch_ = 0;
  std::uint64_t log_ = 0;  // the request at the node
  bool found_ = false;
  std::uint64_t shown_ = 0;  // bytes of this attempt
  std::uint32_t next_ = 0;   // the attempt to be shown, or the first one after it; 0: the newest
};

}  // namespace

grpc::ServerWriteReactor<v1::LogChunk>* Logs(const Services& services, const Identity& who,
                                             const v1::LogsRequest& request) {
  return std::make_shared<LogStream>(services, who, request)->Open();
}

}  // namespace bsub::rpc
