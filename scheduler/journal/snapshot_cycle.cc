#include "scheduler/journal/snapshot_cycle.h"

#include <chrono>
#include <optional>
#include <utility>

namespace bsub::journal {

Status SnapshotCycle::Begin(std::vector<std::string>& lines) {
  // In this order: whoever asks for a wish meanwhile must not take the one that is being served for the next,
  // which would be recorded too early and never again.
  running_ = true;
  ++begun_;
  // What is left of this segment is worth more than a snapshot: without a next one it must not be closed.
  if (const Status next = journal_.ReserveNext(); !next) {
    journal_.PutOffSnapshot();
    lines.push_back("snapshot=put-off error=\"" + next.error().message + "\"");
    running_ = false;
    return OkStatus();
  }
  BSUB_ASSIGN_OR_RETURN(const std::uint64_t sequence, journal_.CloseSegment());
  auto process = SnapshotProcess::Start(helper_, journal_.directory(), sequence);
  if (!process) {
    lines.push_back("snapshot=failed sequence=" + std::to_string(sequence) + " error=\"" +
                    process.error().message + "\"");
    running_ = false;
    return OkStatus();
  }
  process_ = std::move(*process);
  sequence_ = sequence;
  lines.push_back("snapshot=begun sequence=" + std::to_string(sequence));
  return OkStatus();
}

void SnapshotCycle::Report(const Removed& finished, std::vector<std::string>& lines) {
  const std::string sequence = "sequence=" + std::to_string(sequence_);
  if (!finished) {
    lines.push_back("snapshot=failed " + sequence + " error=\"" + finished.error().message + "\"");
  } else {
    lines.push_back("snapshot=made " + sequence + " files_removed=" + std::to_string(finished->size()));
  }
  running_ = false;
}

Result<std::vector<std::string>> SnapshotCycle::Advance(std::span<const sched::JournalEntry> appended,
                                                        TimePoint now) {
  std::vector<std::string> lines;
  if (process_) {
    if (const std::optional<Status> made = process_->Poll()) {
      process_.reset();
      if (*made) {
        finishing_ =
            std::async(std::launch::async, [this, now] { return journal_.FinishSnapshot(sequence_, now); });
      } else {
        Report(Error(made->error()), lines);
      }
    }
  }
  if (finishing_.valid() && finishing_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    Report(finishing_.get(), lines);
  }
  const bool hash_recorded =
      !appended.empty() && std::holds_alternative<sched::StateHashRecorded>(appended.back().body);
  if (hash_recorded && StateHashWanted() != 0) BSUB_RETURN_IF_ERROR(Begin(lines));
  return lines;
}

}  // namespace bsub::journal
