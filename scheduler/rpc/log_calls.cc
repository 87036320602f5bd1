// Logs: an attempt's output, and with follow those of the attempts after it, streamed from its node through
// here. The core is asked where it is, and sees no output. If the node cannot be asked, what the scheduler
// kept of the output is shown, and a notice says so; with follow the node is asked again as long as the
// attempt may be running there.
#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/utf8.h"
#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/launch_builder.h"
#include "scheduler/rpc/log_place.h"
#include "scheduler/rpc/node_registry.h"
#include "scheduler/rpc/output_spool.h"
#include "scheduler/rpc/stream_writer.h"
#include "scheduler/rpc/targets.h"
#include "scheduler/rpc/wait_hub.h"

namespace bsub::rpc {
namespace {

// A node is read more slowly as soon as so much of rpc.max_unread_log_bytes is unread, long before the reader
// that is too slow for it is given up.
constexpr std::size_t kUnreadParts = 16;

// How much of an attempt's output the reader has.
struct Progress {
  std::uint64_t position = 0;  // bytes from its beginning that were sent or left out; with a tail: sent
  std::uint64_t skip = 0;      // of what the node tells: what the reader has already
  bool begun = false;          // some of it was sent
  bool away_told = false;      // that its node cannot be asked
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
      auto place = std::make_shared<Result<LogPlace>>(self->Locate(view, least));
      return [self, place] { self->GoOnFrom(*place); };
    });
    if (sent) return;
    // Too much to do is no reason to break off.
    if (sent.error().code != Code::kResourceExhausted) return End(sent.error());
    FindAfter(services_.settings.wait_report_interval);
  }

  // One such plan at a time.
  void FindAfter(Duration delay) {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(planned_, true)) return;
    }
    services_.timers.After(delay, [self = Self()] {
      {
        const std::lock_guard lock(self->mutex_);
        self->planned_ = false;
        if (self->found_) return;
      }
      self->Find();
    });
  }

  // On the core's thread.
  Result<LogPlace> Locate(const CoreView& view, std::uint32_t least) const {
    BSUB_ASSIGN_OR_RETURN(const FoundTarget found, FindTarget(view.state(), target_));
    const std::string job = "job " + std::to_string(target_.job);
    BSUB_RETURN_IF_ERROR(
        AuthorizeIdentity(services_.policy, who_, Verb::kReadOutput, &found.job->spec.settings->owner, job));
    if (found.job->array && !found.ordinal) {
      return NameOneChild(job, found.job->spec.array->IndexOf(0));
    }
    return PlaceInCore(view.state(), *found.job, found.ordinal.value_or(0), request_.attempt(), least);
  }

  void GoOnFrom(Result<LogPlace>& place) {
    if (!place && place.error() == NoSuchJob(target_)) {
      services_.readers.Run([self = Self()] { self->FindForgotten(); });
      return;
    }
    if (!place) return End(place.error());
    if (place->waiting) return WaitForStart(*place);
    if (place->last_shown) return AllShown();
    if (place->node.valid()) return Ask(*place);
    const auto shared = std::make_shared<LogPlace>(std::move(*place));
    services_.readers.Run([self = Self(), shared] { self->LookBack(*shared); });
  }

  // Nothing to show yet: with follow, until there is.
  void WaitForStart(const LogPlace& place) {
    if (!request_.follow()) {
      return End(FailedPrecondition("job " + place.id + " has not started; 'bsub-lite why " + place.id +
                                    "' tells why"));
    }
    TellMissing();
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
    if (!past && HasShown()) return FindAfter(services_.settings.history_timeout);
    if (!past) return End(past.error());
    if (!*past) return HasShown() ? AllShown() : End(NoSuchJob(target_));
    const JobSpec& spec = (*past)->submitted->spec;
    const std::string job = "job " + std::to_string(target_.job);
    const Status may =
        AuthorizeIdentity(services_.policy, who_, Verb::kReadOutput, &spec.settings->owner, job);
    if (!may) return End(may.error());
    const auto ordinal = FindOrdinal(spec, target_);
    if (!ordinal) return End(ordinal.error());
    if (spec.array && !*ordinal) return End(NameOneChild(job, spec.array->IndexOf(0)));
    LogPlace place;
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

  bool HasShown() const {
    const std::lock_guard lock(mutex_);
    return next_ != 0;
  }

  // A stream that has something to wait for, or has begun, asks again later.
  void HistoryFailed(const LogPlace& place, const Error& error) {
    if (request_.follow() && (!place.over || HasShown()))
      return FindAfter(services_.settings.history_timeout);
    End(error);
  }

  // There is nothing behind what was shown.
  void AllShown() {
    std::optional<Error> missing;
    {
      const std::lock_guard lock(mutex_);
      missing = missing_;
    }
    End(missing ? Status(*missing) : OkStatus());
  }

  // Of an attempt whose output is nowhere, now that it is not the last one.
  void TellMissing() {
    std::optional<Error> missing;
    std::uint32_t attempt = 0;
    {
      const std::lock_guard lock(mutex_);
      missing = std::exchange(missing_, std::nullopt);
      attempt = next_ - 1;
    }
    if (missing) Tell(attempt, missing->message);
  }

  void Tell(std::uint32_t attempt, const std::string& notice) {
    v1::LogChunk chunk;
    chunk.set_attempt(attempt);
    chunk.set_standard_error(request_.standard_error());
    chunk.set_notice(ToUtf8(notice));
    Write(std::move(chunk));
  }

  // A finished attempt: the history knows its node. On a reader's thread.
  void LookBack(LogPlace place) {
    const Status ready = services_.history.WaitApplied(place.seen);
    if (!ready) return HistoryFailed(place, ready.error());
    const auto attempts = services_.history.AttemptsOf(place.attempt.task);
    if (!attempts) return HistoryFailed(place, attempts.error());
    const PastAttempt* wanted = ChooseAttempt(*attempts, place);
    if (!wanted && place.least > 0) return place.over ? AllShown() : WaitForStart(place);
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

  void Ask(const LogPlace& place) {
    bool tail = false;
    {
      const std::lock_guard lock(mutex_);
      if (place.attempt.number < next_ || std::exchange(found_, true)) return;
      tail = !tail_used_;
      progress_.skip = HasTail() && tail ? 0 : progress_.position;
    }
    TellMissing();
    v1::ReadLog request;
    FillAttemptKey(place.attempt, *request.mutable_attempt());
    request.set_standard_error(request_.standard_error());
    request.set_follow(request_.follow());
    request.set_tail_bytes(tail ? request_.tail_bytes() : 0);
    request.set_tail_lines(tail ? request_.tail_lines() : 0);
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

  bool HasTail() const { return request_.tail_bytes() != 0 || request_.tail_lines() != 0; }
  // Under the lock: of this attempt the tail is shown, which begins nobody knows where.
  bool OfTail() const { return HasTail() && !tail_used_; }

  // All of this attempt is shown. The tail is of the first one that there is something of.
  void AttemptShown(const LogPlace& place) { GoOnBehind(place, std::nullopt); }

  void GoOnBehind(const LogPlace& place, std::optional<Error> missing) {
    if (!Continues()) return End(missing ? Status(*missing) : OkStatus());
    {
      const std::lock_guard lock(mutex_);
      next_ = place.attempt.number + 1;
      found_ = false;
      log_ = 0;
      progress_ = {};
      tail_used_ = tail_used_ || !missing;
      missing_ = std::move(missing);
    }
    Find();
  }

  // False: read the node more slowly.
  bool Take(const LogPlace& place, const Result<v1::LogData>& part) {
    if (!part || !part->error().empty()) {
      ShowKept(place, part ? part->error() : part.error().message);
      return true;
    }
    WriteData(place, part->standard_error(), part->data());
    // A guess from the size of this part is good enough: they all have about one size.
    const std::size_t unread = unwritten() * part->data().size();
    if (unread > services_.settings.max_unread_log_bytes) {
      End(ResourceExhausted(
          "the output is read more slowly than it comes; ask for its end, e.g. with --tail"));
    }
    if (part->end()) AttemptShown(place);
    return unread < services_.settings.max_unread_log_bytes / kUnreadParts;
  }

  // What the node tells, without what the reader has of it.
  void WriteData(const LogPlace& place, bool standard_error, std::string_view data) {
    v1::LogChunk chunk;
    {
      const std::lock_guard lock(mutex_);
      const std::size_t known = std::min<std::uint64_t>(progress_.skip, data.size());
      progress_.skip -= known;
      data.remove_prefix(known);
      if (!OfTail()) chunk.set_offset(progress_.position);
      progress_.position += data.size();
      progress_.begun = progress_.begun || !data.empty();
      progress_.away_told = false;
    }
    if (data.empty()) return;
    chunk.set_data(std::string(data));
    chunk.set_standard_error(standard_error);
    chunk.set_attempt(place.attempt.number);
    Write(std::move(chunk));
  }

  // The node cannot tell: what the scheduler kept, as far as it was not shown already.
  void ShowKept(const LogPlace& place, const std::string& reason) {
    const auto shared = std::make_shared<std::pair<LogPlace, std::string>>(place, reason);
    services_.readers.Run([self = Self(), shared] { self->WriteKept(shared->first, shared->second); });
  }

  void WriteKept(const LogPlace& place, const std::string& reason) {
    const auto kept = services_.spool.Read(place.attempt, request_.standard_error());
    const std::string node = "node " + place.node_name + ": " + reason;
    Progress before;
    {
      const std::lock_guard lock(mutex_);
      before = progress_;
      progress_.away_told = true;
    }
    const bool shown = kept && WriteRest(place, *kept, before, node);
    if (request_.follow() && place.live) {
      if (!shown && !before.away_told)
        Tell(place.attempt.number, node + "; it is asked again until the attempt is over");
      {
        const std::lock_guard lock(mutex_);
        found_ = false;
        log_ = 0;
        if (Continues()) next_ = place.attempt.number;  // not one that comes after it meanwhile
      }
      return FindAfter(services_.settings.heartbeat);
    }
    if (shown || (kept && before.begun && before.away_told)) return AttemptShown(place);
    const std::string output = "the output of job " + place.id;
    if (!before.begun) {
      return GoOnBehind(place, FailedPrecondition(output + " is on node " + place.node_name + ": " + reason +
                                                  "; nothing of it was kept here"));
    }
    if (!Continues()) return End(FailedPrecondition(output + " breaks off: " + reason));
    Tell(place.attempt.number, output + " breaks off: " + reason);
    AttemptShown(place);
  }

  // False: the reader has all of it, or with --tail it cannot be told what is new in it.
  bool WriteRest(const LogPlace& place, const KeptOutput& kept, const Progress& before,
                 const std::string& reason) {
    std::string_view data = kept.data;
    std::uint64_t offset = static_cast<std::uint64_t>(kept.offset);
    const std::uint64_t end = offset + data.size();
    bool tail = false;
    {
      const std::lock_guard lock(mutex_);
      tail = OfTail();
      if (before.begun && (tail || end <= before.position)) return false;
      progress_.begun = true;
      progress_.position = end;
    }
    if (tail) data = TailOf(data, request_.tail_bytes(), request_.tail_lines());
    if (!tail && before.position > offset) {
      data.remove_prefix(before.position - offset);
      offset = before.position;
    }
    v1::LogChunk chunk;
    chunk.set_standard_error(request_.standard_error());
    chunk.set_attempt(place.attempt.number);
    if (!tail) chunk.set_offset(offset);
    const bool bytes_missing = !tail && offset > before.position;
    if (!before.away_told || bytes_missing) {
      chunk.set_notice(ToUtf8(reason + "; this is what the scheduler kept" +
                              (offset > 0 ? ", from byte " + std::to_string(offset) + " on" : "")));
    }
    chunk.set_data(std::string(data));
    Write(std::move(chunk));
    return true;
  }

  const Services& services_;
  const Identity who_;
  const v1::LogsRequest request_;
  JobTarget target_;
  std::uint64_t stream_id_ = 0;

  mutable std::mutex mutex_;
  WaitHub::WatchId watch_ = 0;
  std::uint64_t log_ = 0;         // the request at the node
  bool found_ = false;            // the attempt is being shown
  bool planned_ = false;          // a Find is to come
  Progress progress_;             // of that attempt
  bool tail_used_ = false;        // an attempt was shown: the tail is not that of another one
  std::optional<Error> missing_;  // why there was nothing to show of the attempt before `next_`
  std::uint32_t next_ = 0;        // the attempt to be shown, or the first one after it; 0: the newest
};

}  // namespace

grpc::ServerWriteReactor<v1::LogChunk>* Logs(const Services& services, const Identity& who,
                                             const v1::LogsRequest& request) {
  return std::make_shared<LogStream>(services, who, request)->Open();
}

}  // namespace bsub::rpc
