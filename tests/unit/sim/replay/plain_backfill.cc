#include "tests/unit/sim/replay/plain_backfill.h"

#include <algorithm>
#include <tuple>

namespace bsub::testing {
namespace {

using sched::Backfill;
using sched::QueueOrder;

struct OnMachine {
  std::size_t job;
  std::int64_t end, limit;
};

class PlainMachine {
 public:
  PlainMachine(const sim::Workload& workload, const sim::ReplayOptions& options)
      : w_(workload), o_(options), starts_(workload.jobs.size(), -1) {}

  sim::Starts Run() {
    for (now_ = 0; next_ < w_.jobs.size() || !running_.empty(); ++now_) {
      const bool events = o_.passes == sim::Passes::kEvent;
      bool any = false;
      for (; next_ < w_.jobs.size() && w_.jobs[next_].submit == now_; any = true) {
        queue_.push_back(next_++);
        if (events) Pass();
      }
      // In the order in which they were started.
      for (std::size_t i = 0; i < running_.size();) {
        if (running_[i].end != now_) {
          ++i;
          continue;
        }
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
        any = true;
        if (events) Pass();
      }
      if (!events && any) Pass();
    }
    return starts_;
  }

 private:
  std::int64_t LimitOf(std::size_t job) const {
    return o_.policy.perfect ? w_.jobs[job].run : w_.jobs[job].estimate;
  }
  std::int64_t FreeAt(std::int64_t t) const {
    std::int64_t free = w_.processors;
    for (const OnMachine& r : running_) free -= r.limit > t ? w_.jobs[r.job].processors : 0;
    return free;
  }

  void Sort() {
    std::sort(queue_.begin(), queue_.end());
    const auto key = [this](std::size_t job) {
      const auto limit = static_cast<double>(LimitOf(job)),
                 procs = static_cast<double>(w_.jobs[job].processors);
      const double waited = static_cast<double>(w_.jobs[job].submit - now_) / limit;
      switch (o_.policy.order) {
        case QueueOrder::kShortest:
          return std::pair(limit, procs);
        case QueueOrder::kSmallest:
          return std::pair(limit * procs, 0.0);
        case QueueOrder::kWfp3:
          return std::pair(procs * waited * waited * waited, 0.0);
        default:
          return std::pair(0.0, 0.0);
      }
    };
    std::stable_sort(queue_.begin(), queue_.end(),
                     [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  }

  void Start(std::size_t job) {
    queue_.erase(std::find(queue_.begin(), queue_.end(), job));
    starts_[job] = now_;
    running_.push_back({job, now_ + w_.jobs[job].run, now_ + LimitOf(job)});
  }

  void Pass() {
    Sort();
    while (!queue_.empty() && w_.jobs[queue_.front()].processors <= FreeAt(now_)) Start(queue_.front());
    if (queue_.empty() || o_.policy.backfill == Backfill::kNone) return;
    const std::int64_t wanted = w_.jobs[queue_.front()].processors;
    std::int64_t shadow = now_;
    while (FreeAt(shadow) < wanted) ++shadow;
    std::int64_t extra = FreeAt(shadow) - wanted;
    std::vector<std::size_t> scan(queue_.begin() + 1, queue_.end());
    if (o_.policy.backfill == Backfill::kShortest) {
      std::stable_sort(scan.begin(), scan.end(),
                       [this](std::size_t a, std::size_t b) { return LimitOf(a) < LimitOf(b); });
    }
    for (const std::size_t job : scan) {
      const std::int64_t procs = w_.jobs[job].processors;
      if (procs > FreeAt(now_)) continue;
      if (now_ + LimitOf(job) > shadow) {
        if (procs > extra) continue;
        extra -= procs;
      }
      Start(job);
    }
  }

  const sim::Workload& w_;
  const sim::ReplayOptions& o_;
  sim::Starts starts_;
  std::int64_t now_ = 0;
  std::size_t next_ = 0;
  std::vector<std::size_t> queue_;
  std::vector<OnMachine> running_;  // as they were started
};

}  // namespace

sim::Starts PlainReplay(const sim::Workload& workload, const sim::ReplayOptions& options) {
  return PlainMachine(workload, options).Run();
}

}  // namespace bsub::testing
