// Ends waiting tasks whose dependencies can never be met, naming the parent and how it ended.
#include "scheduler/core/dependency_eval.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

// Bounds the work of one Handle; a longer cascade goes on with the next Tick,
// which NextWake asks for.
constexpr int kMaxDoomedWords = 4096;

std::uint64_t WaitingBits(const Job& job, std::size_t word) {
  if (!job.array) return IsWaiting(job.task.state) ? 1 : 0;
  const ArrayState& a = *job.array;
  std::uint64_t bits = ~(a.succeeded.word(word) | a.failed.word(word)) & a.ready.WordMask(word);
  const auto first = static_cast<std::uint32_t>(word * 64);
  for (auto it = a.rows.lower_bound(first); it != a.rows.end() && it->first - first < 64; ++it) {
    if (IsLive(it->second.state)) bits &= ~(1ULL << (it->first - first));
  }
  return bits;
}

std::string ReasonText(const State& state, const Job& job, std::uint32_t ordinal) {
  const std::vector<ConditionStatus> blocking = BlockingConditions(state, job, ordinal, /*never=*/true);
  std::string text = "Dependent Job failed: ";
  for (std::size_t i = 0; i < blocking.size(); ++i) {
    if (i == 3) return text + " and " + std::to_string(blocking.size() - i) + " more";
    text += (i ? "; " : "") + blocking[i].text + " can never be met, " + blocking[i].because;
  }
  return text;
}

void EndDoomedWord(Turn& turn, JobId id, std::size_t word) {
  const Job& job = *turn.state().FindJob(id);
  const std::uint64_t doomed = WaitingBits(job, word) & EvaluateWord(turn.state(), job, word).never;
  if (doomed == 0) return;
  // Children of one word share an entry only while their reason is the same; index-wise reasons name the
  // child.
  TasksEnded entry{id, {}, {}};
  for (std::uint64_t rest = doomed; rest != 0; rest &= rest - 1) {
    const auto ordinal =
        static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(rest));
    End end{EndKind::kDependencyFailed, 0, "", ReasonText(turn.state(), job, ordinal)};
    if (!entry.tasks.empty() && end == entry.end && entry.tasks.back().last + 1 == ordinal) {
      entry.tasks.back().last = ordinal;
      continue;
    }
    if (!entry.tasks.empty()) turn.Record(entry);
    entry = TasksEnded{id, {{ordinal, ordinal}}, std::move(end)};
  }
  turn.Record(entry);
}

}  // namespace

void EndDoomedTasks(Turn& turn) {
  for (int n = 0; n < kMaxDoomedWords; ++n) {
    if (turn.store.doomed().empty()) return;
    const auto& [id, words] = *turn.store.doomed().begin();
    EndDoomedWord(turn, id, *words.begin());
  }
}

}  // namespace bsub::sched
