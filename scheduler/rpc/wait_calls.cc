// Wait: counts while they change, at most ten a second, and at the end the exit code that section "wait" of
// the manual promises: one job's own; of several, or of an array, 0 if all succeeded and 1 if not.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/job_translation.h"
#include "scheduler/rpc/stream_writer.h"
#include "scheduler/rpc/targets.h"
#include "scheduler/rpc/wait_hub.h"

namespace bsub::rpc {
namespace {

using Counts = std::array<std::uint64_t, kJobStateCount>;

// One target's part of the answer.
struct Share {
  Counts counts{};
  bool over = false;
  bool single = true;  // one task: its own exit code counts
  v1::Exit exit;       // once over
};

std::uint64_t& At(Counts& counts, JobState state) { return counts[static_cast<std::size_t>(state)]; }

v1::Exit ExitOfArray(const Counts& counts) {
  Counts copy = counts;
  const std::uint64_t failed = At(copy, JobState::kFailed);
  v1::Exit exit;
  exit.set_kind(std::string(ToString(EndKind::kExited)));
  exit.set_code(failed == 0 ? 0 : 1);
  exit.set_shell_code(exit.code());
  exit.set_text(failed == 0 ? "all children succeeded" : std::to_string(failed) + " children failed");
  return exit;
}

Share Look(const FoundTarget& target) {
  Share share;
  if (target.job->array && !target.ordinal) {
    const sched::StatusSummary summary = sched::Summarise(*target.job);
    std::copy(summary.begin(), summary.end(), share.counts.begin());
    share.single = false;
    share.over = target.job->Over();
    if (share.over) share.exit = ExitOfArray(share.counts);
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
Result<Share> LookBack(HistoryPort& history, const JobTarget& target) {
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

v1::WaitReply Sum(const std::vector<Share>& shares) {
  v1::WaitReply reply;
  Counts counts{};
  bool over = true;
  bool all_succeeded = true;
  for (const Share& share : shares) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += share.counts[i];
    over = over && share.over;
    all_succeeded = all_succeeded && share.exit.shell_code() == 0;
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    (*reply.mutable_counts())[std::string(ToString(static_cast<JobState>(i)))] = counts[i];
    reply.set_total(reply.total() + counts[i]);
  }
  reply.set_over(over);
  if (!over) return reply;
  for (const Share& share : shares) *reply.add_exits() = share.exit;
  const bool own_code = shares.size() == 1 && shares.front().single;
  reply.set_exit_code(own_code ? shares.front().exit.shell_code() : all_succeeded ? 0 : 1);
  return reply;
}

bool SameCounts(const v1::WaitReply& a, const v1::WaitReply& b) {
  return std::all_of(a.counts().begin(), a.counts().end(), [&](const auto& count) {
    const auto it = b.counts().find(count.first);
    return it != b.counts().end() && it->second == count.second;
  });
}

class WaitStream final : public StreamWriter<grpc::ServerWriteReactor<v1::WaitReply>, v1::WaitReply> {
 public:
  WaitStream(const Services& services, std::vector<JobTarget> targets)
      : services_(services), targets_(std::move(targets)), past_(targets_.size()) {}

  grpc::ServerWriteReactor<v1::WaitReply>* Open(const Status& request) {
    KeepUntilDone();
    if (!request) return End(request.error()), this;
    const std::weak_ptr<WaitStream> weak = Self();
    stream_id_ = services_.streams.Add([weak](const Error& reason) {
      if (const auto self = weak.lock()) self->End(reason);
    });
    std::vector<JobId> jobs;
    for (const JobTarget& target : targets_) jobs.emplace_back(target.job);
    watch_ = services_.waits.Watch(jobs, [weak] {
      if (const auto self = weak.lock()) self->Touched();
    });
    LookNow();
    return this;
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::shared_ptr<WaitStream> Self() { return std::static_pointer_cast<WaitStream>(shared_from_this()); }

  void OnOver() override {
    if (watch_ != 0) services_.waits.Unwatch(watch_);
    if (stream_id_ != 0) services_.streams.Remove(stream_id_);
  }

  // Something changed: look soon, but not more often than the setting says, and only one look at a time.
  void Touched() {
    {
      const std::lock_guard lock(mutex_);
      changed_ = true;
      if (looking_) return;
      looking_ = true;
    }
    services_.timers.After(services_.settings.wait_look_interval, [self = Self()] { self->LookNow(); });
  }

  void LookNow() {
    {
      const std::lock_guard lock(mutex_);
      looking_ = true;
      changed_ = false;
    }
    if (ending()) return;
    const Status sent = services_.core.Read([self = Self()](const CoreView& view) {
      auto shares = std::make_shared<Result<std::vector<Share>>>(self->LookAll(view.state()));
      return [self, shares] { self->Take(*shares); };
    });
    if (!sent) End(sent.error());
  }

  // On the core's thread. A target that the core does not know keeps its place, filled in from the history.
  Result<std::vector<Share>> LookAll(const sched::State& state) {
    std::vector<Share> shares;
    shares.reserve(targets_.size());
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (past_[i]) {
        shares.push_back(*past_[i]);
      } else if (!state.FindJob(JobId(targets_[i].job))) {
        return NoSuchJob(targets_[i]);
      } else {
        BSUB_ASSIGN_OR_RETURN(const FoundTarget found, FindTarget(state, targets_[i]));
        shares.push_back(Look(found));
      }
    }
    return shares;
  }

  void Take(Result<std::vector<Share>>& shares) {
    if (!shares) {
      if (shares.error().code != Code::kNotFound || asked_history_) return End(shares.error());
      asked_history_ = true;
      services_.readers.Run([self = Self()] { self->AskHistory(); });
      return;
    }
    Report(Sum(*shares));
  }

  void AskHistory() {
    const auto unknown = std::make_shared<std::vector<std::size_t>>();
    const Status sent = services_.core.Read([self = Self(), unknown](const CoreView& view) {
      for (std::size_t i = 0; i < self->targets_.size(); ++i) {
        if (!view.state().FindJob(JobId(self->targets_[i].job))) unknown->push_back(i);
      }
      return [self, unknown] { self->services_.readers.Run([self, unknown] { self->FillPast(*unknown); }); };
    });
    if (!sent) End(sent.error());
  }

  void FillPast(const std::vector<std::size_t>& unknown) {
    for (const std::size_t i : unknown) {
      auto share = LookBack(services_.history, targets_[i]);
      if (!share) return End(share.error());
      past_[i] = std::move(*share);
    }
    LookNow();
  }

  void Report(v1::WaitReply reply) {
    const bool over = reply.over();
    const Clock::time_point now = Clock::now();
    bool again = false;
    bool write = over;
    {
      const std::lock_guard lock(mutex_);
      const bool news = !last_ || !SameCounts(reply, *last_);
      const bool soon = last_ && now - last_at_ < services_.settings.wait_report_interval;
      write = over || (news && !soon);
      again = !over && (changed_ || (news && soon));
      looking_ = again;
      if (write) last_ = reply, last_at_ = now;
    }
    if (write) Write(std::move(reply));
    if (over) return End(OkStatus());
    if (again)
      services_.timers.After(services_.settings.wait_look_interval, [self = Self()] { self->LookNow(); });
  }

  const Services& services_;
  const std::vector<JobTarget> targets_;
  std::vector<std::optional<Share>> past_;  // filled in between two looks
  bool asked_history_ = false;
  WaitHub::WatchId watch_ = 0;
  std::uint64_t stream_id_ = 0;

  std::mutex mutex_;
  bool changed_ = false;  // since the last look
  bool looking_ = false;  // a look is under way or planned
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
