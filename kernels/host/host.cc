#include "kernels/host/host.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <vector>

#include "jobs/text.h"
#include "jobs/units.h"
#include "kernels/host/blame.h"
#include "kernels/host/kernel_library.h"
#include "kernels/host/result_store.h"
#include "kernels/host/shared_table.h"
#include "kernels/host/snapshot.h"
#include "kernels/host/worker.h"
#include "kernels/host/worker_process.h"

namespace bsub::kernels {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Between two looks at the clock and at whether the job is to stop. A worker's end is heard at once.
constexpr milliseconds kBetweenLooks{20};
// For the calls that a worker is in, unless the node says how long there is; of that they get half, so that
// the last save has the other half.
constexpr milliseconds kGraceToStop{10'000};
constexpr double kCallsPart = 0.5;

// Asks a process of its own how long a record is: opening the library runs the user's code.
Result<std::uint64_t> RecordBytes(const std::string& kernel) {
  BSUB_ASSIGN_OR_RETURN(std::string text, OutputOf({"--describe", "--kernel", kernel}));
  while (text.ends_with('\n')) text.pop_back();
  text.erase(0, text.rfind('\n') + 1);  // what stands before was printed by the library itself
  const auto bytes = ParseInteger(text, 0, BSUB_KERNEL_MAX_RECORD_BYTES);
  if (!bytes)
    return FailedPrecondition("the kernel's description could not be read: " + bytes.error().message);
  return static_cast<std::uint64_t>(*bytes);
}

class Host {
 public:
  Host(const HostOptions& options, SharedTable table, Snapshot& snapshot, ResultStore& store,
       std::ostream& out)
      : options_(options), table_(std::move(table)), snapshot_(snapshot), store_(store), out_(out) {
    snapshot_.GiveTo(table_);
  }

  Result<HostEnd> Run() {
    while (!stopped_ && snapshot_.finished() < table_.shape().children) {
      BSUB_ASSIGN_OR_RETURN(WorkerProcess worker, StartWorker());
      BSUB_ASSIGN_OR_RETURN(const ProcessEnd end, Accompany(worker));
      BSUB_RETURN_IF_ERROR(TakeOver(end));
    }
    BSUB_RETURN_IF_ERROR(SaveLast());
    return HostEnd{stopped_, snapshot_.finished(), snapshot_.failed()};
  }

 private:
  Result<WorkerProcess> StartWorker() {
    table_.SetPhase(SharedTable::Phase::kBeginning);
    return WorkerProcess::Start({"--worker", std::to_string(table_.descriptor()), "--kernel", options_.kernel,
                                 "--array", options_.indices.ToString()});
  }

  // Until the worker has ended, in whatever way.
  Result<ProcessEnd> Accompany(WorkerProcess& worker) {
    std::optional<steady_clock::time_point> deadline;
    for (;;) {
      if (const auto end = worker.WaitFor(kBetweenLooks)) return *end;
      if (deadline && steady_clock::now() > *deadline) worker.Kill();  // its calls are made again later
      if (stopped_) continue;
      const bool save = store_.ShouldSave();
      if (!store_.ShouldStop()) {
        if (save) BSUB_RETURN_IF_ERROR(Save());
        continue;
      }
      stopped_ = true;  // the last save is made when the worker has ended
      table_.AskToStop();
      deadline = steady_clock::now() + GraceToStop();
    }
  }

  milliseconds GraceToStop() const {
    const std::chrono::duration<double> remaining(store_.remaining_seconds());
    if (remaining.count() < 0) return kGraceToStop;
    return std::min(kGraceToStop, std::chrono::duration_cast<milliseconds>(remaining * kCallsPart));
  }

  // What the worker that has ended so leaves behind.
  Status TakeOver(const ProcessEnd& end) {
    if (!stopped_) BSUB_RETURN_IF_ERROR(JudgeEnd(end));
    for (Slot& slot : table_.slots()) {
      slot.child.store(kNoChild);
      slot.blamed.store(0);
    }
    snapshot_.TakeFrom(table_);
    return OkStatus();
  }

  // What to make of a worker that has ended without being asked to.
  Status JudgeEnd(const ProcessEnd& end) {
    switch (table_.phase()) {
      case SharedTable::Phase::kBeginning:
        return FailedPrecondition("the kernel could not be started: its process ended with " + ToString(end));
      case SharedTable::Phase::kCalling:
        return Blame(end);
      case SharedTable::Phase::kEnded:
        return OkStatus();  // all children are finished
    }
    return OkStatus();
  }

  Status Blame(const ProcessEnd& end) {
    const Verdict verdict = Judge(table_);
    if (verdict.failed.empty() && verdict.suspects.empty())
      out_ << "the worker ended with " << ToString(end) << " between two children; it is started again"
           << std::endl;
    for (const auto& [child, outcome] : verdict.failed) {
      table_.Finish(child, outcome);
      out_ << "child " << options_.indices.IndexOf(static_cast<std::uint32_t>(child))
           << " has failed: " << ToString(outcome) << std::endl;
    }
    if (!verdict.suspects.empty()) {
      out_ << "the worker ended with " << ToString(end) << "; "
           << Count(verdict.suspects.size(), "child that ran then is", "children that ran then are")
           << " tried again alone" << std::endl;
    }
    table_.SetSuspects(verdict.suspects);
    table_.SetAlone(false);
    if (++crashes_ <= options_.max_crashes) return OkStatus();
    snapshot_.TakeFrom(table_);
    BSUB_RETURN_IF_ERROR(SaveLast());
    return ResourceExhausted("given up after " + std::to_string(crashes_) +
                             " crashes; mend the kernel, or allow more with --max-crashes");
  }

  // A save that did not succeed is told and tried again at the next time; only a newer attempt's ownership
  // ends the host.
  Status Save() {
    if (snapshot_.TakeFrom(table_) == 0 && saved_) return OkStatus();
    const Status saved = store_.Save(snapshot_.finished());
    saved_ = saved.has_value();
    if (!saved && saved.error().code == Code::kAborted) return saved;
    if (!saved) out_ << "results were not saved: " << saved.error().message << std::endl;
    return OkStatus();
  }

  Status SaveLast() {
    snapshot_.TakeFrom(table_);
    BSUB_RETURN_IF_ERROR(store_.Save(snapshot_.finished()));
    return stopped_ ? store_.Stopped() : OkStatus();
  }

  const HostOptions& options_;
  SharedTable table_;
  Snapshot& snapshot_;
  ResultStore& store_;
  std::ostream& out_;
  bool stopped_ = false;
  bool saved_ = false;  // the last save succeeded
  std::uint32_t crashes_ = 0;
};

}  // namespace

Result<HostEnd> RunHost(const HostOptions& options, std::ostream& out) {
  BSUB_ASSIGN_OR_RETURN(const KernelName name, ParseKernelName(options.kernel));
  BSUB_ASSIGN_OR_RETURN(const std::uint64_t record_bytes, RecordBytes(options.kernel));
  const TableShape shape{options.indices.size(), record_bytes, options.threads};
  BSUB_ASSIGN_OR_RETURN(SharedTable table, SharedTable::Create(shape, options.input));
  Snapshot snapshot(shape);
  const Identity identity{options.indices.ToString(), name.function, options.input};
  BSUB_ASSIGN_OR_RETURN(ResultStore store, ResultStore::Open(options.directory, identity, shape, snapshot));
  BSUB_ASSIGN_OR_RETURN(const bool resumed, store.Load());
  if (resumed) {
    snapshot.CountAgain();
    out << "resumed at generation " << store.generation() << ": " << snapshot.finished() << " of "
        << shape.children << " children were finished" << std::endl;
  }
  BSUB_ASSIGN_OR_RETURN(const HostEnd end, Host(options, std::move(table), snapshot, store, out).Run());
  BSUB_RETURN_IF_ERROR(store.Close());
  return end;
}

}  // namespace bsub::kernels
