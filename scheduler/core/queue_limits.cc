#include "scheduler/core/queue_limits.h"

#include "jobs/units.h"
#include "scheduler/core/fair_share.h"
#include "scheduler/core/store.h"

namespace bsub::sched {
namespace {

constexpr std::int64_t kMilli = 1000;

std::string Amount(bool cpus, std::int64_t n) {
  if (cpus) return Describe(Resources{.cpu_milli = n});
  return std::to_string(n) + (n == 1 ? " task" : " tasks");
}

std::string WhoseText(const LimitHit& hit, const JobSettings& settings) {
  switch (hit.of) {
    case LimitHit::Of::kQueue:
      return "";
    case LimitHit::Of::kUser:
      return " of user " + settings.owner.name;
    case LimitHit::Of::kShare:
      return " of share " + std::string(ShareOf(settings));
  }
  return "";
}

std::optional<LimitHit> Tasks(LimitHit::Of of, std::int64_t limit, std::int64_t live) {
  if (limit == 0 || live < limit) return std::nullopt;
  return LimitHit{of, false, limit, live, 1};
}

std::optional<LimitHit> Cpus(LimitHit::Of of, std::int64_t limit, std::int64_t used, std::int64_t asked) {
  if (limit == 0 || used + asked <= limit * kMilli) return std::nullopt;
  return LimitHit{of, true, limit, used, asked};
}

}  // namespace

void LimitUse::CountTasks(const std::string& share, std::int64_t waiting, std::int64_t live) {
  const auto it = shares.try_emplace(share).first;
  it->second.waiting += waiting;
  it->second.live += live;
  if (it->second == OfShare{}) shares.erase(it);
}

void LimitUse::CountCpu(const std::string& share, std::uint32_t uid, std::int64_t more) {
  cpu_milli += more;
  const auto user = cpu_milli_of_user.try_emplace(uid).first;
  user->second += more;
  if (user->second == 0) cpu_milli_of_user.erase(user);
  const auto of_share = shares.try_emplace(share).first;
  of_share->second.cpu_milli += more;
  if (of_share->second == OfShare{}) shares.erase(of_share);
}

LimitUse::OfShare LimitUse::ShareNow(std::string_view share) const {
  const auto it = shares.find(share);
  return it == shares.end() ? OfShare{} : it->second;
}

std::int64_t LimitUse::CpuOfUser(std::uint32_t uid) const {
  const auto it = cpu_milli_of_user.find(uid);
  return it == cpu_milli_of_user.end() ? 0 : it->second;
}

std::int64_t CpuAskedBy(const JobSettings& settings) {
  return settings.request.cpu_milli * settings.gang.least_nodes();
}

std::optional<LimitHit> HitsFineLimit(const LimitUse& use, const Queue& queue, const JobSettings& settings) {
  using Of = LimitHit::Of;
  const LimitUse::OfShare share = use.ShareNow(ShareOf(settings));
  const std::int64_t asked = CpuAskedBy(settings);
  if (auto hit = Tasks(Of::kShare, queue.max_running_per_share, share.live)) return hit;
  if (auto hit = Cpus(Of::kQueue, queue.max_cpus, use.cpu_milli, asked)) return hit;
  if (auto hit = Cpus(Of::kUser, queue.max_cpus_per_user, use.CpuOfUser(settings.owner.uid), asked))
    return hit;
  return Cpus(Of::kShare, queue.max_cpus_per_share, share.cpu_milli, asked);
}

std::optional<LimitHit> HitsLimit(const Store& store, const Queue& queue, const JobSettings& settings) {
  using Of = LimitHit::Of;
  if (queue.max_running > 0) {
    if (auto hit = Tasks(Of::kQueue, queue.max_running, store.CountsOfQueue(queue.name).live())) return hit;
  }
  if (queue.max_running_per_user > 0) {
    const TaskCounts counts = store.CountsOfUserInQueue(queue.name, settings.owner.uid);
    if (auto hit = Tasks(Of::kUser, queue.max_running_per_user, counts.live())) return hit;
  }
  if (!HasFineLimits(queue)) return std::nullopt;
  const LimitUse* use = store.LimitUseOf(queue.name);
  return use ? HitsFineLimit(*use, queue, settings) : std::nullopt;
}

std::string Describe(const LimitHit& hit, const Queue& queue, const JobSettings& settings) {
  const std::string whose = WhoseText(hit, settings);
  const std::string limit = Amount(hit.cpus, hit.cpus ? hit.limit * kMilli : hit.limit);
  std::string text = "queue " + queue.name + " runs at most " + limit + whose + " at a time, and ";
  if (hit.never()) return text + "it asks for " + Amount(hit.cpus, hit.asked) + ": it can never start there";
  if (!hit.cpus) return text + std::to_string(hit.used) + " run now";
  return text + (hit.used == 0 ? "none" : Amount(true, hit.used)) + " run now; it asks for " +
         Amount(true, hit.asked);
}

std::string OptionOf(const LimitHit& hit) {
  const std::string what = hit.cpus ? "--max-cpus" : "--max-running";
  switch (hit.of) {
    case LimitHit::Of::kQueue:
      return what;
    case LimitHit::Of::kUser:
      return what + "-per-user";
    case LimitHit::Of::kShare:
      return what + "-per-share";
  }
  return what;
}

}  // namespace bsub::sched
