#include "scheduler/core/queue_policy.h"

#include <array>
#include <string>
#include <utility>

#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::sched {
namespace {

template <typename T, std::size_t n>
using WordTable = std::array<std::pair<T, std::string_view>, n>;

constexpr WordTable<QueueOrder, 7> kOrders = {{{QueueOrder::kPriority, "priority"},
                                               {QueueOrder::kShortest, "shortest"},
                                               {QueueOrder::kSmallest, "smallest"},
                                               {QueueOrder::kWfp3, "wfp3"},
                                               {QueueOrder::kBalanced, "balanced"},
                                               {QueueOrder::kFairShare, "fair-share"},
                                               {QueueOrder::kMultifactor, "multifactor"}}};
constexpr WordTable<Backfill, 5> kBackfills = {{{Backfill::kSpare, "spare"},
                                                {Backfill::kNone, "none"},
                                                {Backfill::kEasy, "easy"},
                                                {Backfill::kShortest, "easy-shortest"},
                                                {Backfill::kConservative, "conservative"}}};

template <typename T, std::size_t n>
std::string_view WordOf(const WordTable<T, n>& table, T value) {
  for (const auto& [known, word] : table) {
    if (known == value) return word;
  }
  return "unknown";
}

template <typename T, std::size_t n>
Result<T> ValueOf(const WordTable<T, n>& table, std::string_view what, std::string_view text) {
  std::vector<std::string> words;
  std::string list;
  for (const auto& [value, word] : table) {
    if (word == text) return value;
    words.emplace_back(word);
    list += (list.empty() ? "" : ", ") + std::string(word);
  }
  return InvalidArgument(std::string(what) + " " + Quoted(text) + ": expected one of " + list +
                         DidYouMean(std::string(text), words));
}

}  // namespace

std::string_view ToString(QueueOrder order) { return WordOf(kOrders, order); }
Result<QueueOrder> ParseQueueOrder(std::string_view text) { return ValueOf(kOrders, "policy", text); }

std::string_view ToString(Backfill backfill) { return WordOf(kBackfills, backfill); }
Result<Backfill> ParseBackfill(std::string_view text) { return ValueOf(kBackfills, "backfill", text); }

Status Validate(const PriorityWeights& weights) {
  for (const std::int32_t weight : {weights.age, weights.fair_share, weights.priority, weights.size}) {
    if (weight < 0 || weight > 1'000'000)
      return InvalidArgument("weights: " + std::to_string(weight) + ": expected 0 to 1000000");
  }
  if (weights.max_age < std::chrono::minutes(1) || weights.max_age > std::chrono::hours(24 * 365))
    return InvalidArgument("weights: max-age: expected 1 minute to 1 year");
  return OkStatus();
}

}  // namespace bsub::sched
