#include "scheduler/core/fair_share.h"

#include <algorithm>
#include <optional>

#include "jobs/text.h"

namespace bsub::sched {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kAtOnceSeconds = 60;  // of what was just placed: a cycle must see what it gave
constexpr std::int64_t kMostWeight = 9'999'999;
constexpr std::size_t kMostWeights = 500;
constexpr std::size_t kLongestShare = 255;

bool Covers(std::string_view pattern, std::string_view share) {
  if (!pattern.ends_with('*')) return pattern == share;
  return share.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool Overlap(const ShareWeight& a, const ShareWeight& b) {
  const auto stem = [](std::string_view text) {
    return text.ends_with('*') ? text.substr(0, text.size() - 1) : text;
  };
  return Covers(a.identifier, stem(b.identifier)) || Covers(b.identifier, stem(a.identifier));
}

// `text`: "gold=0.5", as it was written.
Error WrongShare(std::string_view text, const std::string& what) {
  return InvalidArgument("shares: " + Quoted(text) + ": " + what +
                         "; expected SHARE=WEIGHT with a weight from 0.0001 to 999.9999, such as gold=0.5");
}

Status ValidateWeight(const ShareWeight& weight, std::string_view text) {
  if (weight.identifier.empty()) return WrongShare(text, "the share has no name");
  if (weight.identifier.size() > kLongestShare) {
    return WrongShare(text, "the share's name has " + std::to_string(weight.identifier.size()) +
                                " bytes, of at most " + std::to_string(kLongestShare));
  }
  if (weight.weight >= 1 && weight.weight <= kMostWeight) return OkStatus();
  return WrongShare(text, "the weight is " + std::string(weight.weight < 1 ? "too small" : "too large"));
}

// In ten-thousandths; nothing if it is no number, or has more than four decimals. What is too large stays so.
std::optional<std::int64_t> WeightFrom(std::string_view text) {
  std::int64_t weight = 0, unit = kShareWeightOne;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (!IsDigit(c) || (point && unit == 1)) {
      return std::nullopt;
    } else {
      if (point) unit /= 10;
      weight = std::min(point ? weight + (c - '0') * unit : weight * 10 + (c - '0') * unit, 2 * kMostWeight);
    }
  }
  if (text.empty() || text == ".") return std::nullopt;
  return weight;
}

}  // namespace

Status Validate(const FairShare& fair_share) {
  if (fair_share.half_life < std::chrono::minutes(1) || fair_share.half_life > std::chrono::hours(24 * 365))
    return InvalidArgument("share_decay " + FormatDuration(fair_share.half_life) +
                           ": expected 1 minute to 1 year");
  if (fair_share.compute_reservation < 0 || fair_share.compute_reservation > 99) {
    return InvalidArgument("compute_reservation " + std::to_string(fair_share.compute_reservation) +
                           ": expected 0 to 99 percent");
  }
  const std::vector<ShareWeight>& weights = fair_share.weights;
  if (weights.size() > kMostWeights)
    return InvalidArgument("shares: " + std::to_string(weights.size()) + " of them; expected at most " +
                           std::to_string(kMostWeights));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    BSUB_RETURN_IF_ERROR(ValidateWeight(weights[i], ToString(weights[i])));
    for (std::size_t j = 0; j < i; ++j) {
      if (!Overlap(weights[i], weights[j])) continue;
      return InvalidArgument("shares: " + Quoted(ToString(weights[j])) + " and " +
                             Quoted(ToString(weights[i])) +
                             " may mean the same share; expected one weight for each");
    }
  }
  return OkStatus();
}

std::int64_t WeightOf(const FairShare& fair_share, std::string_view share) {
  for (const ShareWeight& weight : fair_share.weights) {
    if (Covers(weight.identifier, share)) return weight.weight;
  }
  return kShareWeightOne;
}

double PartOfShare(const FairShare& fair_share, std::string_view share) {
  return static_cast<double>(kShareWeightOne) / static_cast<double>(WeightOf(fair_share, share));
}

Result<ShareWeight> ParseShareWeight(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals + 1 == text.size())
    return WrongShare(text, "the weight is missing");
  const auto weight = WeightFrom(text.substr(equals + 1));
  if (!weight)
    return WrongShare(
        text, "the weight " + Quoted(text.substr(equals + 1)) + " is no number with at most four decimals");
  ShareWeight share{std::string(text.substr(0, equals)), *weight};
  BSUB_RETURN_IF_ERROR(ValidateWeight(share, text));
  return share;
}

std::string ToString(const ShareWeight& weight) {
  std::string fraction = std::to_string(kShareWeightOne + weight.weight % kShareWeightOne).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return weight.identifier + "=" + std::to_string(weight.weight / kShareWeightOne) +
         (fraction.empty() ? "" : "." + fraction);
}

std::string_view ShareOf(const JobSettings& settings) {
  return settings.share_identifier.empty() ? settings.owner.name : settings.share_identifier;
}

std::int64_t Decayed(std::int64_t use, Duration elapsed, Duration half_life) {
  if (elapsed.count() <= 0 || use == 0) return use;
  const std::int64_t halvings = elapsed.count() / half_life.count();
  if (halvings >= 63) return 0;
  const std::int64_t left = use >> halvings, rest = elapsed.count() % half_life.count() / kMicros;
  const std::int64_t seconds = half_life.count() / kMicros, half = left / 2;
  return left - (half / seconds * rest + half % seconds * rest / seconds);
}

void ShareLoad::Add(std::int64_t cpu, TimePoint since, int sign) {
  tasks += sign;
  cpu_milli += sign * cpu;
  began += sign * cpu * (since.micros() / kMicros);
}

std::int64_t UseAt(const ShareUse& ended, const ShareLoad& running, TimePoint now, Duration half_life) {
  const std::int64_t so_far = running.cpu_milli * (now.micros() / kMicros) - running.began;
  return Decayed(ended.cpu_milli_seconds, now - ended.at, half_life) + so_far +
         running.cpu_milli * kAtOnceSeconds;
}

std::int64_t Reserved(std::int64_t cpu_milli, std::int32_t percent, std::size_t active_shares) {
  for (std::size_t i = 0; i < active_shares && cpu_milli > 0; ++i) cpu_milli = cpu_milli * percent / 100;
  return cpu_milli;
}

}  // namespace bsub::sched
