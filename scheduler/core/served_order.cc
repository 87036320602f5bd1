#include "scheduler/core/served_order.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "scheduler/core/store.h"

namespace bsub::sched {
namespace {

std::int64_t CpusOf(const JobSettings& settings) {
  return settings.request.cpu_milli * static_cast<std::int64_t>(settings.gang.nodes);
}

// Whole seconds and CPUs are exact in a double up to 2⁵³ of both together; beyond it equals are near enough.
double AreaOf(const JobSettings& settings) {
  return static_cast<double>(ComparedWalltime(settings.walltime)) * static_cast<double>(CpusOf(settings));
}

// Negative, and less the more urgent: sign and order are those of the published formula.
double Wfp3Of(const Job& job, TimePoint now) {
  const JobSettings& settings = *job.spec.settings;
  const auto waited = static_cast<double>((WaitsSince(job) - now).count());
  const double share = waited / static_cast<double>(ComparedWalltime(settings.walltime));
  return static_cast<double>(CpusOf(settings)) / 1000.0 * (share * share * share);
}

// A virtual time of submission, in microseconds.
std::int64_t BalancedOf(const Queue& queue, const Job& job) {
  constexpr double kShortestSeconds = 10;  // below it all are equally short
  const double seconds = static_cast<double>(ComparedWalltime(job.spec.settings->walltime)) / 1e6;
  const double later =
      static_cast<double>(queue.favour_short.count()) * std::log(std::max(seconds / kShortestSeconds, 1.0));
  return WaitsSince(job).micros() + std::llround(later);
}

// Of all that the queue's shares have used the part that this one has, as a double.
double PartOf(const Store& store, const Queue& queue, std::int64_t use, TimePoint now) {
  const std::int64_t all = std::max(store.UseOfAllShares(queue, now), use);
  return all == 0 ? 0.0 : static_cast<double>(use) / static_cast<double>(all);
}

// What one of as many shares as have used anything is entitled to.
double EntitledOf(const Store& store, const Queue& queue, std::string_view share) {
  const double all = store.PartsOfAllShares(queue), part = PartOfShare(queue.fair_share, share);
  const bool listed = store.state().shares.count({queue.name, std::string(share)}) != 0;
  return part / (listed ? all : all + part);
}

double MultifactorOf(const Store& store, const Queue& queue, const Job& job, TimePoint now) {
  const JobSettings& settings = *job.spec.settings;
  const PriorityWeights& weights = queue.weights;
  const std::string_view share = ShareOf(settings);
  const auto waited = static_cast<double>((now - WaitsSince(job)).count());
  const double age = std::clamp(waited / static_cast<double>(weights.max_age.count()), 0.0, 1.0);
  const double priority = std::clamp((job.priority + 100.0) / 200.0, 0.0, 1.0);
  const auto total = static_cast<double>(std::max<std::int64_t>(1, store.capacity().total_cpu_milli()));
  const double size = std::min(static_cast<double>(CpusOf(settings)) / total, 1.0);
  double score = weights.age * age + weights.priority * priority + weights.size * size;
  if (weights.fair_share > 0) {
    score +=
        weights.fair_share * FairShareFactor(PartOf(store, queue, store.UseOfShare(queue, share, now), now),
                                             EntitledOf(store, queue, share));
  }
  return score;
}

// Use times weight, and then the priority.
std::array<std::int64_t, 2> FairKeysOf(const Store& store, const Queue& queue, const Job& job,
                                       TimePoint now) {
  const std::string_view share = ShareOf(*job.spec.settings);
  const double value = static_cast<double>(store.UseOfShare(queue, share, now)) *
                       static_cast<double>(WeightOf(queue.fair_share, share));
  return {OrderedBits(value), -std::int64_t{job.priority}};
}

std::array<std::int64_t, 2> KeysOf(const Store& store, const Queue& queue, const Job& job, TimePoint now) {
  const JobSettings& settings = *job.spec.settings;
  switch (queue.order) {
    case QueueOrder::kPriority:
      return {};
    case QueueOrder::kShortest:
      return {ComparedWalltime(settings.walltime), CpusOf(settings)};
    case QueueOrder::kSmallest:
      return {OrderedBits(AreaOf(settings)), 0};
    case QueueOrder::kWfp3:
      return {OrderedBits(Wfp3Of(job, now)), WaitsSince(job).micros()};
    case QueueOrder::kBalanced:
      return {BalancedOf(queue, job), 0};
    case QueueOrder::kFairShare:
      return FairKeysOf(store, queue, job, now);
    case QueueOrder::kMultifactor:
      return {OrderedBits(-MultifactorOf(store, queue, job, now)), 0};
  }
  return {};
}

}  // namespace

std::int64_t ComparedWalltime(Duration walltime) {
  return walltime.count() > 0 ? walltime.count() : std::numeric_limits<std::int64_t>::max();
}

TimePoint LatestEnd(TimePoint now, Duration walltime) {
  const std::int64_t compared = ComparedWalltime(walltime);
  return Duration(compared) < TimePoint::Max() - now ? now + Duration(compared) : TimePoint::Max();
}

std::int64_t OrderedBits(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value == 0.0 ? 0.0 : value);  // -0.0 is 0.0
  return bits >= 0 ? bits : std::numeric_limits<std::int64_t>::min() - bits;
}

double FairShareFactor(double use, double entitled) { return entitled <= 0 ? 0 : std::exp2(-use / entitled); }

bool IsOverdue(const Queue& queue, TimePoint since, TimePoint now) {
  return queue.overdue_after.count() > 0 && now - since >= queue.overdue_after;
}

WaitingMember NextOf(const Queue& queue, const WaitingClass& waiting, TimePoint now) {
  if (waiting.by_wait.empty() || !IsOverdue(queue, waiting.by_wait.begin()->since, now))
    return *waiting.members.begin();
  return {true, waiting.by_wait.begin()->job, waiting.by_wait.begin()->of};
}

ServedKey ServedKeyOf(const Store& store, const Queue& queue, const Job& job, const WaitingMember& member,
                      TimePoint now) {
  ServedKey key{true, -std::int64_t{job.priority}, member.normal, {}, member.job};
  if (queue.order == QueueOrder::kPriority) return key;
  if (GoesByShares(queue.order)) key.negated_priority = 0;
  if (IsOverdue(queue, WaitsSince(job), now)) {
    // Among these whoever has waited longest: a start that one of them was given stays the first of all.
    return {false, 0, true, {WaitsSince(job).micros(), 0}, member.job};
  }
  key.by_order = KeysOf(store, queue, job, now);
  return key;
}

ServedKey ServedKeyOf(const Store& store, const Queue& queue, const WaitingClass& waiting, TimePoint now) {
  if (queue.order == QueueOrder::kPriority) {
    const WaitingMember& first = *waiting.members.begin();
    return {true, -std::int64_t{waiting.key.priority}, first.normal, {}, first.job};
  }
  const WaitingMember next = NextOf(queue, waiting, now);
  return ServedKeyOf(store, queue, *next.of, next, now);
}

}  // namespace bsub::sched
