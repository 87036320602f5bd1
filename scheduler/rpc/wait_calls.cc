// Wait: counts while they change, at most ten a second, and at the end the exit code that section "wait" of
// the manual promises: one job's own; of several, or of an array, 0 if all succeeded and 1 if not.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "jobs/text.h"
#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/job_translation.h"
#include "scheduler/rpc/stream_writer.h"
#include "scheduler/rpc/targets.h"
#include "scheduler/rpc/wait_hub.h"

namespace bsub::rpc {
namespace {

constexpr std::size_t kFieldBytes = 6;     // a message's tag and length inside another one, at most
constexpr std::size_t kPiecesOfLimit = 8;  // a reply takes at most this part of what gRPC lets through

using Counts = std::array<std::uint64_t, kJobStateCount>;

// One target's part of the answer.
struct Share {
  Counts counts{};
  bool over = false;
  bool single = true;  // one task: its own exit code counts
  v1::Exit exit;       // once over
};

std::uint64_t& At(Counts& counts, JobState state) { return counts[static_cast<std::size_t>(state)]; }

// "2 children failed, 5 were cancelled before they ran".
std::string TextOfArray(std::uint64_t failed, std::uint64_t cancelled) {
  if (failed == 0) return "all children succeeded";
  std::string text;
  if (failed > cancelled) text = Count(failed - cancelled, "child", "children") + " failed";
  if (cancelled == 0) return text;
  return (text.empty() ? Count(cancelled, "child", "children") : text + ", " + std::to_string(cancelled)) +
         (cancelled == 1 ? " was" : " were") + " cancelled before " + (cancelled == 1 ? "it" : "they") +
         " ran";
}

// `cancelled`: of those that failed, before they ran.
v1::Exit ExitOfArray(const Counts& counts, std::uint64_t cancelled = 0) {
  Counts copy = counts;
  const std::uint64_t failed = At(copy, JobState::kFailed);
  v1::Exit exit;
  exit.set_kind(std::string(ToString(EndKind::kExited)));
  exit.set_code(failed == 0 ? 0 : 1);
  exit.set_shell_code(exit.code());
  exit.set_text(TextOfArray(failed, cancelled));
  return exit;
}

// Without a dependency nothing else than a cancel ends a child that waits.
std::uint64_t CancelledBeforeTheyRan(const sched::Job& job) {
  if (!job.spec.dependency.empty() || job.array->failed_count == 0) return 0;
  std::uint64_t cancelled = 0;
  for (std::uint32_t ordinal = 0; ordinal < job.size(); ++ordinal) cancelled += sched::NeverRan(job, ordinal);
  return cancelled;
}

Share Look(const FoundTarget& target) {
  Share share;
  if (target.job->array && !target.ordinal) {
    const sched::StatusSummary summary = sched::Summarise(*target.job);
    std::copy(summary.begin(), summary.end(), share.counts.begin());
    share.single = false;
    share.over = target.job->Over();
    if (share.over) share.exit = ExitOfArray(share.counts, CancelledBeforeTheyRan(*target.job));
    return share;
  }
  const std::uint32_t ordinal = target.ordinal.value_or(0);
  const JobState state = sched::StateOf(*target.job, ordinal);
  At(share.counts, state) = 1;
  share.over = IsOver(state);
  if (share.over) FillExit(EndOf(*target.job, ordinal), share.exit);
  return share;
}

// The same for a job that the core has forgotten. On a reader's thread.
Result<Share> ShareOfForgotten(HistoryPort& history, const JobTarget& target) {
  BSUB_ASSIGN_OR_RETURN(const std::optional<PastJob> past, history.FindJob(JobId(target.job)));
  if (!past) return NoSuchJob(target);
  const JobSpec& spec = past->submitted->spec;
  BSUB_ASSIGN_OR_RETURN(const auto ordinal, FindOrdinal(spec, target));
  Share share;
  share.over = true;
  if (spec.array && !ordinal) {
    At(share.counts, JobState::kSucceeded) = past->succeeded;
    At(share.counts, JobState::kFailed) = past->failed;
    share.single = false;
    share.exit = ExitOfArray(share.counts);
    return share;
  }
  const sched::TaskRef task{JobId(target.job), ordinal.value_or(0)};
  BSUB_ASSIGN_OR_RETURN(const std::optional<PastTaskEnd> end, history.EndOf(task));
  BSUB_ASSIGN_OR_RETURN(const std::vector<PastAttempt> attempts, history.AttemptsOf(task));
  const End how = end ? end->end : attempts.empty() ? End{} : attempts.back().ended.end;
  At(share.counts, how.Succeeded() ? JobState::kSucceeded : JobState::kFailed) = 1;
  FillExit(how, share.exit);
  return share;
}

v1::WaitReply Tell(const Counts& counts) {
  v1::WaitReply reply;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    (*reply.mutable_counts())[std::string(ToString(static_cast<JobState>(i)))] = counts[i];
    reply.set_total(reply.total() + counts[i]);
  }
  return reply;
}

// The last replies: `counts` with the exit code and the ends. Ends that fill more than one message of
// `most_bytes` go ahead of it in messages of their own, and the last one has none: a client that looks only
// there takes none for another's.
std::vector<v1::WaitReply> TellEnds(const std::vector<std::optional<Share>>& shares,
                                    const v1::WaitReply& counts, std::size_t most_bytes) {
  bool all_succeeded = true;
  std::vector<v1::WaitReply> replies(1, counts);
  std::size_t bytes = 0;
  for (const std::optional<Share>& share : shares) {
    const std::size_t more = share->exit.ByteSizeLong() + kFieldBytes;
    if (bytes > 0 && bytes + more > most_bytes) {
      replies.push_back(counts);
      bytes = 0;
    }
    bytes += more;
    *replies.back().add_exits() = share->exit;
    all_succeeded = all_succeeded && share->exit.shell_code() == 0;
  }
  if (replies.size() > 1) replies.push_back(counts);
  const bool own_code = shares.size() == 1 && shares.front()->single;
  replies.back().set_over(true);
  replies.back().set_exit_code(own_code ? shares.front()->exit.shell_code() : all_succeeded ? 0 : 1);
  return replies;
}

// An error that is the answer: the target does not fit a job. Any other may pass.
bool IsAnswer(const Error& error) {
  return error.code == Code::kNotFound || error.code == Code::kInvalidArgument;
}

bool SameCounts(const v1::WaitReply& a, const v1::WaitReply& b) {
  return std::all_of(a.counts().begin(), a.counts().end(), [&](const auto& count) {
    const auto it = b.counts().find(count.first);
    return it != b.counts().end() && it->second == count.second;
  });
}

// Looks at each target once, in portions, and from then on only at those that something happened to.
class WaitStream final : public StreamWriter<grpc::ServerWriteReactor<v1::WaitReply>, v1::WaitReply> {
 public:
  WaitStream(const Services& services, std::vector<JobTarget> targets)
      : services_(services), targets_(std::move(targets)), shares_(targets_.size()) {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      by_job_[JobId(targets_[i].job)].push_back(i);
      pending_.insert(i);
    }
  }

  grpc::ServerWriteReactor<v1::WaitReply>* Open(const Status& request) {
    KeepUntilDone();
    if (!request) return End(request.error()), this;
    const std::weak_ptr<WaitStream> weak = Self();
    stream_id_ = services_.streams.Add([weak](const Error& reason) {
      if (const auto self = weak.lock()) self->End(reason);
    });
    std::vector<JobId> jobs;
    for (const auto& [job, indexes] : by_job_) jobs.push_back(job);
    watch_ = services_.waits.Watch(jobs, [weak](const std::vector<JobId>& touched) {
      if (const auto self = weak.lock()) self->Touched(touched);
    });
    LookNow();
    return this;
  }

 private:
  using Clock = std::chrono::steady_clock;

  // What one visit to the core looks at, and what it saw.
  struct Portion {
    std::vector<std::size_t> targets;
    std::vector<std::pair<std::size_t, Share>> shares;
    std::vector<std::size_t> unknown;
    Sequence seen;
    Status good = OkStatus();
  };
  using PortionPtr = std::shared_ptr<Portion>;

  std::shared_ptr<WaitStream> Self() { return std::static_pointer_cast<WaitStream>(shared_from_this()); }

  void OnOver() override {
    if (watch_ != 0) services_.waits.Unwatch(watch_);
    if (stream_id_ != 0) services_.streams.Remove(stream_id_);
  }

  void LookAfter(Duration delay) {
    services_.timers.After(delay, [self = Self()] { self->LookNow(); });
  }

  // Something changed: look soon, but not more often than the setting says, and only one look at a time.
  void Touched(const std::vector<JobId>& jobs) {
    {
      const std::lock_guard lock(mutex_);
      for (const JobId job : jobs) {
        const std::vector<std::size_t>& indexes = by_job_.at(job);
        pending_.insert(indexes.begin(), indexes.end());
      }
      if (std::exchange(looking_, true)) return;
    }
    LookAfter(services_.settings.wait_look_interval);
  }

  void LookNow() {
    const auto portion = std::make_shared<Portion>();
    {
      const std::lock_guard lock(mutex_);
      looking_ = true;
      auto end = pending_.begin();
      for (std::size_t n = 0; n < services_.settings.list_page_jobs && end != pending_.end(); ++n) ++end;
      portion->targets.assign(pending_.begin(), end);
      pending_.erase(pending_.begin(), end);
    }
    if (ending()) return;
    const Status sent = services_.core.Read([self = Self(), portion](const CoreView& view) {
      self->LookAt(view.state(), *portion);
      return [self, portion] { self->Take(portion); };
    });
    if (sent) return;
    if (sent.error().code != Code::kResourceExhausted) return End(sent.error());
    // Too much to do is no reason to break off.
    {
      const std::lock_guard lock(mutex_);
      pending_.insert(portion->targets.begin(), portion->targets.end());
    }
    LookAfter(services_.settings.wait_report_interval);
  }

  // On the core's thread.
  void LookAt(const sched::State& state, Portion& portion) const {
    portion.seen = state.last_sequence;
    for (const std::size_t i : portion.targets) {
      if (!state.FindJob(JobId(targets_[i].job))) {
        portion.unknown.push_back(i);
        continue;
      }
      const auto found = FindTarget(state, targets_[i]);
      if (!found) {
        portion.good = found.error();
        return;
      }
      portion.shares.emplace_back(i, Look(*found));
    }
  }

  // From here to the next look, or the plan of one, nobody else touches what is known.
  void Take(const PortionPtr& portion) {
    if (!portion->good) return End(portion->good.error());
    for (auto& [i, share] : portion->shares) Keep(i, std::move(share));
    // What was over when the core forgot it stays as it was.
    std::erase_if(portion->unknown, [&](std::size_t i) { return shares_[i] && shares_[i]->over; });
    if (portion->unknown.empty()) return GoOn();
    // The history may take its time: the client learns before that somebody is there.
    if (known_ > over_) TellFirst();
    services_.readers.Run([self = Self(), portion] { self->FillPast(*portion); });
  }

  void TellFirst() {
    v1::WaitReply reply = Tell(counts_);
    {
      const std::lock_guard lock(mutex_);
      if (last_) return;
      last_ = reply, last_at_ = Clock::now();
    }
    Write(std::move(reply));
  }

  // On a reader's thread.
  void FillPast(const Portion& portion) {
    const Status ready = services_.history.WaitApplied(portion.seen);
    if (!ready) return Postpone(portion.unknown, ready.error());
    for (auto it = portion.unknown.begin(); it != portion.unknown.end(); ++it) {
      auto share = ShareOfForgotten(services_.history, targets_[*it]);
      if (!share && IsAnswer(share.error())) return End(share.error());
      if (!share) return Postpone({it, portion.unknown.end()}, share.error());
      Keep(*it, std::move(*share));
    }
    GoOn();
  }

  // What the history cannot tell now it is asked again, while the core has others that go on, or had them
  // when it was last looked at.
  void Postpone(const std::vector<std::size_t>& targets, const Error& error) {
    for (const std::size_t i : targets) {
      if (!shares_[i]) untold_.insert(i);
    }
    const bool looked_at_all = known_ + untold_.size() >= targets_.size();
    if (looked_at_all && known_ == over_) return End(error);
    services_.timers.After(services_.settings.history_timeout,
                           [self = Self(), targets] { self->LookAgain(targets); });
    GoOn();
  }

  void LookAgain(const std::vector<std::size_t>& targets) {
    {
      const std::lock_guard lock(mutex_);
      pending_.insert(targets.begin(), targets.end());
      if (std::exchange(looking_, true)) return;
    }
    LookNow();
  }

  void Keep(std::size_t i, Share share) {
    std::optional<Share>& kept = shares_[i];
    if (kept) {
      for (std::size_t n = 0; n < counts_.size(); ++n) counts_[n] -= kept->counts[n];
      over_ -= kept->over ? 1 : 0;
    } else {
      ++known_;
      untold_.erase(i);
    }
    for (std::size_t n = 0; n < counts_.size(); ++n) counts_[n] += share.counts[n];
    over_ += share.over ? 1 : 0;
    kept = std::move(share);
  }

  void GoOn() {
    if (known_ + untold_.size() < targets_.size()) return LookNow();
    Report();
  }

  void Report() {
    v1::WaitReply reply = Tell(counts_);
    const bool over = over_ == targets_.size();
    if (over) {
      WriteAll(TellEnds(shares_, reply, services_.settings.max_message_bytes / kPiecesOfLimit));
      return End(OkStatus());
    }
    const Clock::time_point now = Clock::now();
    bool again = false;
    bool write = false;
    {
      const std::lock_guard lock(mutex_);
      const bool news = !last_ || !SameCounts(reply, *last_);
      const bool soon = last_ && now - last_at_ < services_.settings.wait_report_interval;
      write = news && !soon;
      again = !pending_.empty() || (news && soon);
      looking_ = again;
      if (write) last_ = reply, last_at_ = now;
    }
    if (write) Write(std::move(reply));
    if (again) LookAfter(services_.settings.wait_look_interval);
  }

  const Services& services_;
  const std::vector<JobTarget> targets_;
  std::map<JobId, std::vector<std::size_t>> by_job_;  // not changed once it is made
  WaitHub::WatchId watch_ = 0;
  std::uint64_t stream_id_ = 0;

  // What is known: of the look that is under way, and of nobody while there is none.
  std::vector<std::optional<Share>> shares_;
  Counts counts_{};               // over all shares
  std::size_t known_ = 0;         // shares
  std::size_t over_ = 0;          // of them
  std::set<std::size_t> untold_;  // targets without a share that the history could not tell of yet

  std::mutex mutex_;
  std::set<std::size_t> pending_;  // targets to look at
  bool looking_ = false;           // a look is under way or planned
  std::optional<v1::WaitReply> last_;
  Clock::time_point last_at_;
};

}  // namespace

grpc::ServerWriteReactor<v1::WaitReply>* Wait(const Services& services, const v1::WaitRequest& request) {
  auto targets =
      ParseTargets({request.targets().begin(), request.targets().end()}, services.settings.max_targets);
  Status good = targets ? OkStatus() : Status(targets.error());
  if (good && targets->empty()) good = InvalidArgument("targets: name a job to wait for");
  return std::make_shared<WaitStream>(services, good ? std::move(*targets) : std::vector<JobTarget>())
      ->Open(good);
}

}  // namespace bsub::rpc
