#include "kernels/host/worker.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

#include <cstring>
#include <memory>
#include <vector>

#include "kernels/host/crash_marks.h"

namespace bsub::kernels {
namespace {

// Gives each thread that enters the arena its slot.
class SlotGiver : public tbb::task_scheduler_observer {
 public:
  SlotGiver(tbb::task_arena& arena, SharedTable& table)
      : tbb::task_scheduler_observer(arena), table_(table), threads_(table.shape().slots) {
    observe(true);
  }
  ~SlotGiver() override { observe(false); }

  void on_scheduler_entry(bool) override {
    const std::size_t slot = Here();
    threads_[slot] = std::make_unique<MarkedThread>(table_.slots()[slot]);
  }
  void on_scheduler_exit(bool) override { threads_[Here()].reset(); }

 private:
  static std::size_t Here() { return static_cast<std::size_t>(tbb::this_task_arena::current_thread_index()); }

  SharedTable& table_;
  std::vector<std::unique_ptr<MarkedThread>> threads_;  // by slot; each thread touches its own
};

class Caller {
 public:
  Caller(SharedTable& table, const Kernel& kernel, const ArraySpec& indices, void* context)
      : table_(table), kernel_(kernel), indices_(indices), context_(context) {}

  // Children first to last - 1, those that are finished passed over.
  void Run(std::uint64_t first, std::uint64_t last) const {
    Slot& slot = table_.slots()[static_cast<std::size_t>(tbb::this_task_arena::current_thread_index())];
    // A kernel that waits for parallel work of its own may be given another child meanwhile.
    const std::uint64_t outer = slot.child.load(std::memory_order_relaxed);
    for (std::uint64_t child = first; child < last && !table_.stop_asked(); ++child) {
      if (table_.outcome(child) != Outcome::kUnfinished) continue;
      slot.child.store(child, std::memory_order_relaxed);
      table_.Finish(child, OutcomeOfReturn(Call(child)));
    }
    slot.child.store(outer, std::memory_order_relaxed);
  }

 private:
  std::int32_t Call(std::uint64_t child) const {
    std::uint8_t* record = table_.record(child);
    if (kernel_.description.record_bytes > 0) std::memset(record, 0, kernel_.description.record_bytes);
    bsub_kernel_call call{};
    call.size = sizeof call;
    call.index = indices_.IndexOf(static_cast<std::uint32_t>(child));
    call.input = table_.input().data();
    call.input_bytes = table_.input().size();
    call.output = record;
    call.context = context_;
    return kernel_.function(&call);
  }

  SharedTable& table_;
  const Kernel& kernel_;
  const ArraySpec& indices_;
  void* context_;
};

Result<void*> Prepared(const SharedTable& table, const Kernel& kernel) {
  void* context = nullptr;
  if (kernel.description.prepare == nullptr) return context;
  const char* wrong = kernel.description.prepare(table.input().data(), table.input().size(), &context);
  if (wrong != nullptr) return FailedPrecondition(std::string("kernel refuses its input: ") + wrong);
  return context;
}

}  // namespace

Status RunWorker(SharedTable& table, const Kernel& kernel, const ArraySpec& indices) {
  BSUB_ASSIGN_OR_RETURN(void* context, Prepared(table, kernel));
  MarkCrashes();
  table.SetPhase(SharedTable::Phase::kCalling);
  tbb::task_arena arena(static_cast<int>(table.shape().slots));
  SlotGiver slots(arena, table);
  const Caller caller(table, kernel, indices, context);
  arena.execute([&] {
    table.SetAlone(true);
    for (const std::uint64_t child : table.suspects()) caller.Run(child, child + 1);
    table.SetAlone(false);
    tbb::parallel_for(tbb::blocked_range<std::uint64_t>(0, table.shape().children),
                      [&](const auto& range) { caller.Run(range.begin(), range.end()); });
  });
  table.SetPhase(SharedTable::Phase::kEnded);
  return OkStatus();
}

}  // namespace bsub::kernels
