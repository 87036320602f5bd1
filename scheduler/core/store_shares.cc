// The use of shares: what ended tasks have used, which is durable, and what runs, which follows from the
// attempts.
#include <algorithm>
#include <optional>
#include <utility>

#include "scheduler/core/cycle.h"
#include "scheduler/core/state_hash.h"
#include "scheduler/core/store.h"

namespace bsub::sched {
namespace {

// Sums over all shares of a queue, which may be many, are good for so long.
constexpr Duration kSumsHoldFor = std::chrono::seconds(1);

template <typename Use>
void ForEachLive(const Job& job, Use use) {
  const auto one = [&use](std::uint32_t ordinal, const Task& task) {
    if (task.attempt) use(ordinal, *task.attempt);
  };
  if (!job.array) return one(0, job.task);
  for (const auto& [ordinal, row] : job.array->rows) one(ordinal, row);
}

}  // namespace

void Store::NoteQueues() {
  queues_in_order_ = QueuesInOrder(state_);
  by_shares_ = std::any_of(state_.queues.begin(), state_.queues.end(),
                           [](const auto& queue) { return sched::GoesByShares(queue.second.order); });
}

bool Store::GoesByShares(const std::string& queue) const {
  if (!by_shares_) return false;
  const auto it = state_.queues.find(queue);
  return it != state_.queues.end() && sched::GoesByShares(it->second.order);
}

void Store::CountLoad(const AttemptRef& ref, const Attempt& attempt, int sign) {
  if (!by_shares_ && limit_uses_.empty()) return;
  const JobSettings& settings = *state_.jobs.at(ref.task.job).spec.settings;
  if (!limit_uses_.empty()) {
    const auto use = limit_uses_.find(settings.queue);
    if (use != limit_uses_.end()) {
      const std::size_t shares = use->second.shares.size();
      use->second.CountCpu(std::string(ShareOf(settings)), settings.owner.uid, sign * CpuOf(attempt));
      NoteShares(settings, shares, use->second.shares.size());
    }
  }
  if (!GoesByShares(settings.queue)) return;
  const std::string share(ShareOf(settings));
  const Queue& queue = state_.queues.at(settings.queue);
  const auto sums = share_sums_.find(queue.name);
  const bool summed =
      sums != share_sums_.end() && sums->second.used && state_.shares.count({queue.name, share}) != 0;
  if (summed) *sums->second.used -= UseOfShare(queue, share, sums->second.at);
  auto& loads = loads_[queue.name];
  const auto it = loads.try_emplace(share).first;
  it->second.Add(CpuOf(attempt), attempt.placed_at, sign);
  if (it->second.tasks == 0) loads.erase(it);
  if (summed) *sums->second.used += UseOfShare(queue, share, sums->second.at);
}

void Store::CountForLimits(const JobSettings& settings, const TaskCounts& more) {
  const auto use = limit_uses_.find(settings.queue);
  if (use == limit_uses_.end()) return;
  const std::size_t shares = use->second.shares.size();
  use->second.CountTasks(std::string(ShareOf(settings)), more.waiting, more.live());
  NoteShares(settings, shares, use->second.shares.size());
}

void Store::CountLiveOf(const Job& job, int sign) {
  ForEachLive(job, [&](std::uint32_t ordinal, const Attempt& attempt) {
    CountLoad({{job.id, ordinal}, attempt.number}, attempt, sign);
  });
}

// The queue came to have limits by CPUs or shares, or has none any more.
void Store::RecountLimits(const std::string& queue) {
  limit_uses_.erase(queue);
  if (!CountsFinely(state_.queues.at(queue))) return;
  LimitUse use;
  for (const auto& [id, job] : state_.jobs) {
    const JobSettings& settings = *job.spec.settings;
    const TaskCounts counts = CountsOf(job);
    if (settings.queue != queue || counts == TaskCounts{}) continue;
    const std::string share(ShareOf(settings));
    use.CountTasks(share, counts.waiting, counts.live());
    ForEachLive(job, [&](std::uint32_t, const Attempt& attempt) {
      use.CountCpu(share, settings.owner.uid, CpuOf(attempt));
    });
  }
  limit_uses_[queue] = std::move(use);
}

const LimitUse* Store::LimitUseOf(const std::string& queue) const {
  const auto it = limit_uses_.find(queue);
  return it == limit_uses_.end() ? nullptr : &it->second;
}

// The queue came to go by shares, or does so no more.
void Store::RecountLoads(const std::string& queue) {
  loads_.erase(queue);
  share_sums_.erase(queue);
  if (!GoesByShares(queue)) return;
  for (const auto& [node, use] : capacity_.nodes()) {
    for (const AttemptRef& ref : use.attempts) {
      const Job& job = state_.jobs.at(ref.task.job);
      const Attempt& attempt = *FindTask(job, ref.task.ordinal)->attempt;
      // A gang is counted on the first node that it still has.
      bool first = true, counted = false;
      ForEachPlace(attempt, [&](NodeId place, Incarnation, const Resources&, const auto&) {
        counted = counted || (first && place == node);
        first = false;
      });
      if (counted && job.spec.settings->queue == queue) CountLoad(ref, attempt, +1);
    }
  }
}

void Store::ChargeShare(const Job& job, const Attempt& attempt, TimePoint at) {
  const JobSettings& settings = *job.spec.settings;
  if (!GoesByShares(settings.queue)) return;
  const Queue& queue = state_.queues.at(settings.queue);
  const Duration half_life = queue.fair_share.half_life;
  const std::string share(ShareOf(settings));
  const auto sums = share_sums_.find(queue.name);
  ShareSums* known = sums == share_sums_.end() ? nullptr : &sums->second;
  const auto [it, fresh] = state_.shares.try_emplace({queue.name, share});
  if (known && known->used && !fresh) *known->used -= UseOfShare(queue, share, known->at);
  if (known && known->active && (fresh || known->at - it->second.at >= half_life)) known->active.reset();
  if (known && fresh) known->parts.reset();
  if (!fresh) terms_ -= HashOf(*it);
  ShareUse& use = it->second;
  const std::int64_t seconds = (at - attempt.placed_at).count() / 1'000'000;
  use = {Decayed(use.cpu_milli_seconds, at - use.at, half_life) + CpuOf(attempt) * seconds, at};
  terms_ += HashOf(*it);
  if (known && known->used) *known->used += UseOfShare(queue, share, known->at);
}

// Those of which nothing is left, or all of a queue that is gone.
void Store::ForgetShares(const std::string& queue, TimePoint at, bool all) {
  if (all) share_sums_.erase(queue);
  for (auto it = state_.shares.lower_bound({queue, ""});
       it != state_.shares.end() && it->first.first == queue;) {
    const Duration half_life = state_.queues.at(queue).fair_share.half_life;
    const ShareUse& use = it->second;
    if (!all && Decayed(use.cpu_milli_seconds, at - use.at, half_life) > 0) {
      ++it;
      continue;
    }
    share_sums_.erase(queue);
    terms_ -= HashOf(*it);
    it = state_.shares.erase(it);
  }
}

const ShareLoad* Store::LoadOfShare(const std::string& queue, std::string_view share) const {
  const auto loads = loads_.find(queue);
  if (loads == loads_.end()) return nullptr;
  const auto it = loads->second.find(share);
  return it == loads->second.end() ? nullptr : &it->second;
}

std::size_t Store::CountActiveShares(const Queue& queue, TimePoint now) const {
  const LimitUse* use = LimitUseOf(queue.name);
  if (!use) return 0;
  std::size_t active = use->shares.size();
  for (auto it = state_.shares.lower_bound({queue.name, ""});
       it != state_.shares.end() && it->first.first == queue.name; ++it) {
    const bool of_late = now - it->second.at < queue.fair_share.half_life;
    active += of_late && use->shares.count(it->first.second) == 0;
  }
  return active;
}

Store::ShareSums& Store::ShareSumsAt(const Queue& queue, TimePoint now) const {
  ShareSums& sums = share_sums_[queue.name];
  if (now < sums.at || now - sums.at >= kSumsHoldFor) sums = {now, std::nullopt, std::nullopt, sums.parts};
  return sums;
}

// The job's share has come among those of its queue that wait or run, or has gone: it counts as active all
// the same if it has ended something of late.
void Store::NoteShares(const JobSettings& settings, std::size_t before, std::size_t now) {
  if (before == now) return;
  const auto sums = share_sums_.find(settings.queue);
  if (sums == share_sums_.end() || !sums->second.active) return;
  const Queue& queue = state_.queues.at(settings.queue);
  const auto ended = state_.shares.find({queue.name, std::string(ShareOf(settings))});
  if (ended != state_.shares.end() && sums->second.at - ended->second.at < queue.fair_share.half_life) return;
  *sums->second.active += now;
  *sums->second.active -= before;
}

std::size_t Store::ActiveShares(const Queue& queue, TimePoint now) const {
  std::optional<std::size_t>& active = ShareSumsAt(queue, now).active;
  if (!active) active = CountActiveShares(queue, now);
  return *active;
}

std::int64_t Store::UseOfAllShares(const Queue& queue, TimePoint now) const {
  std::optional<std::int64_t>& used = ShareSumsAt(queue, now).used;
  if (!used) used = SumOfUses(queue, now);
  return *used;
}

std::int64_t Store::SumOfUses(const Queue& queue, TimePoint now) const {
  std::int64_t all = 0;
  for (auto it = state_.shares.lower_bound({queue.name, ""});
       it != state_.shares.end() && it->first.first == queue.name; ++it) {
    all += UseOfShare(queue, it->first.second, now);
  }
  return all;
}

double Store::PartsOfAllShares(const Queue& queue) const {
  std::optional<double>& parts = share_sums_[queue.name].parts;
  if (parts) return *parts;
  parts = 0;
  for (auto it = state_.shares.lower_bound({queue.name, ""});
       it != state_.shares.end() && it->first.first == queue.name; ++it) {
    *parts += PartOfShare(queue.fair_share, it->first.second);
  }
  return *parts;
}

bool Store::ShareSumsHold() const {
  return std::all_of(share_sums_.begin(), share_sums_.end(), [this](const auto& one) {
    const auto& [name, sums] = one;
    const Queue& queue = state_.queues.at(name);
    return (!sums.used || *sums.used == SumOfUses(queue, sums.at)) &&
           (!sums.active || *sums.active == CountActiveShares(queue, sums.at));
  });
}

std::int64_t Store::UseOfShare(const Queue& queue, std::string_view share, TimePoint now) const {
  const auto ended = state_.shares.find({queue.name, std::string(share)});
  const ShareLoad* running = LoadOfShare(queue.name, share);
  return UseAt(ended == state_.shares.end() ? ShareUse() : ended->second, running ? *running : ShareLoad(),
               now, queue.fair_share.half_life);
}

}  // namespace bsub::sched
