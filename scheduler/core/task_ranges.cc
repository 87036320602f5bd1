#include "scheduler/core/task_ranges.h"

#include <bit>

namespace bsub::sched {
namespace {

std::uint64_t LiveTasks(const ArrayState& array, std::size_t word) {
  std::uint64_t live = 0;
  const auto first = static_cast<std::uint32_t>(word * 64);
  for (auto it = array.rows.lower_bound(first); it != array.rows.end() && it->first - first < 64; ++it) {
    if (IsLive(it->second.state)) live |= 1ULL << (it->first - first);
  }
  return live;
}

}  // namespace

std::size_t WordsOf(const Job& job) { return job.array ? job.array->succeeded.word_count() : 1; }

std::uint64_t WaitingTasks(const Job& job, std::size_t word) {
  if (!job.array) return IsWaiting(job.task.state) ? 1 : 0;
  const ArrayState& a = *job.array;
  return ~(a.succeeded.word(word) | a.failed.word(word) | LiveTasks(a, word)) & a.succeeded.WordMask(word);
}

std::uint64_t FinishedTasks(const Job& job, std::size_t word) {
  if (!job.array) return IsOver(job.task.state) ? 1 : 0;
  return job.array->succeeded.word(word) | job.array->failed.word(word);
}

std::uint64_t FailedTasks(const Job& job, std::size_t word) {
  if (!job.array) return job.task.state == JobState::kFailed ? 1 : 0;
  return job.array->failed.word(word);
}

void AddRanges(std::vector<OrdinalRange>& ranges, std::size_t word, std::uint64_t tasks) {
  const auto base = static_cast<std::uint32_t>(word * 64);
  for (std::uint32_t bit = 0; bit < 64 && tasks >> bit != 0;) {
    bit += static_cast<std::uint32_t>(std::countr_zero(tasks >> bit));
    const auto length = static_cast<std::uint32_t>(std::countr_one(tasks >> bit));
    const std::uint32_t first = base + bit;
    if (!ranges.empty() && std::uint64_t{ranges.back().last} + 1 == first) {
      ranges.back().last += length;
    } else {
      ranges.push_back({first, first + length - 1});
    }
    bit += length;
  }
}

std::vector<OrdinalRange> Select(const Job& job, std::optional<std::uint32_t> ordinal, TasksOfWord which) {
  std::vector<OrdinalRange> ranges;
  if (ordinal) {
    const std::uint64_t bit = 1ULL << (*ordinal % 64);
    AddRanges(ranges, *ordinal / 64, which(job, *ordinal / 64) & bit);
    return ranges;
  }
  for (std::size_t word = 0; word < WordsOf(job); ++word) AddRanges(ranges, word, which(job, word));
  return ranges;
}

std::optional<std::uint32_t> FirstTask(const Job& job, TasksOfWord which) {
  for (std::size_t word = 0; word < WordsOf(job); ++word) {
    if (const std::uint64_t tasks = which(job, word))
      return static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(tasks));
  }
  return std::nullopt;
}

std::uint64_t CountTasks(const std::vector<OrdinalRange>& ranges) {
  std::uint64_t count = 0;
  for (const OrdinalRange& range : ranges) count += std::uint64_t{range.last} - range.first + 1;
  return count;
}

}  // namespace bsub::sched
