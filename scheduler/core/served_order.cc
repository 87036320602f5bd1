#include "scheduler/core/served_order.h"

#include <bit>
#include <limits>

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

std::array<std::int64_t, 2> KeysOf(const Job& job, QueueOrder order, TimePoint now) {
  const JobSettings& settings = *job.spec.settings;
  switch (order) {
    case QueueOrder::kSubmission:
      return {};
    case QueueOrder::kShortest:
      return {ComparedWalltime(settings.walltime), CpusOf(settings)};
    case QueueOrder::kSmallest:
      return {OrderedBits(AreaOf(settings)), 0};
    case QueueOrder::kWfp3:
      return {OrderedBits(Wfp3Of(job, now)), WaitsSince(job).micros()};
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

ServedKey ServedKeyOf(const Job& job, const WaitingMember& member, QueueOrder order, TimePoint now) {
  return {-std::int64_t{job.priority}, member.normal, KeysOf(job, order, now), member.job};
}

ServedKey ServedKeyOf(const State& state, QueueOrder order, const WaitingClass& waiting, TimePoint now) {
  const WaitingMember& first = *waiting.members.begin();
  if (order == QueueOrder::kSubmission)
    return {-std::int64_t{waiting.key.priority}, first.normal, {}, first.job};
  return ServedKeyOf(state.jobs.at(first.job), first, order, now);
}

}  // namespace bsub::sched
