// The journal, the payloads and the history in memory, for tests that are not about the disk.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/core/entry_subjects.h"
#include "scheduler/daemon/journal_port.h"
#include "scheduler/rpc/history_port.h"
#include "scheduler/rpc/payload_port.h"

namespace bsub::testing {

class MemoryJournal final : public daemon::JournalPort, public rpc::PayloadPort {
 public:
  Status Append(const std::vector<sched::JournalEntry>& entries,
                const std::vector<rpc::StagedPayload>& payloads) override {
    std::unique_lock lock(mutex_);
    ++appends_waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !blocked_; });
    --appends_waiting_;
    if (failure_) return *failure_;
    ++appends_;
    std::size_t bytes = 0;
    for (const rpc::StagedPayload& payload : payloads) bytes += payload.bytes->size();
    most_payload_bytes_ = std::max(most_payload_bytes_, bytes);
    entries_.insert(entries_.end(), entries.begin(), entries.end());
    for (const sched::JournalEntry& entry : entries) {
      if (std::holds_alternative<sched::StateHashRecorded>(entry.body))
        last_of_batch_with_hash_ = entries.back();
    }
    for (const rpc::StagedPayload& payload : payloads) payloads_[payload.hash] = payload.bytes;
    return OkStatus();
  }
  Status Idle() override {
    Set([this] { ++idle_calls_; });
    return OkStatus();
  }
  Status Room() const override {
    const std::lock_guard lock(mutex_);
    return no_room_ ? Status(*no_room_) : OkStatus();
  }
  std::uint64_t StateHashWanted() const override {
    const std::lock_guard lock(mutex_);
    return hash_wish_;
  }
  Result<std::shared_ptr<const std::string>> Get(const PayloadHash& hash) override {
    const std::lock_guard lock(mutex_);
    const auto it = payloads_.find(hash);
    if (it == payloads_.end()) return NotFound("payload " + ToHex(hash.bytes));
    return it->second;
  }

  // The disk stands still until Unblock.
  void Block() {
    Set([this] { blocked_ = true; });
  }
  void Unblock() {
    Set([this] { blocked_ = false; });
  }
  void Fail(Error error) {
    Set([this, &error] { failure_ = std::move(error); });
  }
  void SetRoom(std::optional<Error> no_room) {
    Set([this, &no_room] { no_room_ = std::move(no_room); });
  }
  std::size_t idle_calls() const {
    const std::lock_guard lock(mutex_);
    return idle_calls_;
  }
  void AskForStateHash(std::uint64_t wish) {
    Set([this, wish] { hash_wish_ = wish; });
  }
  void ForgetPayloads() {
    Set([this] { payloads_.clear(); });
  }
  // Returns once an append has begun and is held.
  void WaitForHeldAppend() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return appends_waiting_ > 0; });
  }
  std::vector<sched::JournalEntry> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  sched::JournalEntry last_of_batch_with_hash() const {
    const std::lock_guard lock(mutex_);
    return last_of_batch_with_hash_;
  }
  std::size_t appends() const {
    const std::lock_guard lock(mutex_);
    return appends_;
  }
  // In one append.
  std::size_t most_payload_bytes() const {
    const std::lock_guard lock(mutex_);
    return most_payload_bytes_;
  }
  std::size_t payload_count() const {
    const std::lock_guard lock(mutex_);
    return payloads_.size();
  }

 private:
  template <typename Change>
  void Set(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool blocked_ = false;
  std::uint64_t hash_wish_ = 0;
  std::size_t appends_waiting_ = 0;
  std::size_t appends_ = 0;
  std::size_t idle_calls_ = 0;
  std::size_t most_payload_bytes_ = 0;
  std::optional<Error> no_room_;
  std::optional<Error> failure_;
  std::vector<sched::JournalEntry> entries_;
  sched::JournalEntry last_of_batch_with_hash_;
  std::map<PayloadHash, std::shared_ptr<const std::string>> payloads_;
};

class MemoryHistory final : public rpc::HistoryPort {
 public:
  void Apply(const rpc::EntryBatch& batch) {
    const std::lock_guard lock(mutex_);
    for (const sched::JournalEntry& entry : *batch) {
      entries_.push_back(entry);
      Learn(entry);
    }
    changed_.notify_all();
  }

  Status WaitApplied(Sequence sequence) override {
    std::unique_lock lock(mutex_);
    if (failure_) {
      ++failures_;
      return *failure_;
    }
    changed_.wait(lock, [&] {
      return !stuck_ && (!sequence.valid() || (!entries_.empty() && entries_.back().sequence >= sequence));
    });
    return OkStatus();
  }
  Status ExpectApplied(Sequence sequence) override {
    {
      const std::lock_guard lock(mutex_);
      if (stuck_) return Error{Code::kDeadlineExceeded, "the history is stuck"};
    }
    return WaitApplied(sequence);
  }
  // While it is stuck a wait for it does not end.
  void SetStuck(bool stuck) {
    const std::lock_guard lock(mutex_);
    stuck_ = stuck;
    changed_.notify_all();
  }
  Result<std::vector<rpc::PastAttempt>> AttemptsOf(sched::TaskRef task) override {
    const std::lock_guard lock(mutex_);
    return attempts_[task];
  }
  Result<std::optional<rpc::PastTaskEnd>> EndOf(sched::TaskRef task) override {
    const std::lock_guard lock(mutex_);
    for (const sched::JournalEntry& entry : entries_) {
      const auto* ended = std::get_if<sched::TasksEnded>(&entry.body);
      if (!ended || ended->job != task.job) continue;
      for (const sched::OrdinalRange& range : ended->tasks) {
        if (range.first <= task.ordinal && task.ordinal <= range.last)
          return std::optional(rpc::PastTaskEnd{ended->end, entry.at});
      }
    }
    return std::optional<rpc::PastTaskEnd>();
  }
  Result<std::optional<rpc::PastJob>> FindJob(JobId job) override {
    const std::lock_guard lock(mutex_);
    const auto it = forgotten_.find(job);
    return it == forgotten_.end() ? std::optional<rpc::PastJob>() : std::optional(it->second);
  }
  Result<std::vector<rpc::PastJob>> ForgottenJobs(JobId from, bool newest_first, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<rpc::PastJob> jobs;
    for (const auto& [id, job] : forgotten_) {
      if (!from.valid() || (newest_first ? id < from : id > from)) jobs.push_back(job);
    }
    if (newest_first) std::reverse(jobs.begin(), jobs.end());
    jobs.resize(std::min(limit, jobs.size()));
    return jobs;
  }
  // While `endless`, each page is the same entry: the past has no end.
  void SetEndless(bool endless) {
    const std::lock_guard lock(mutex_);
    endless_ = endless;
  }
  std::size_t pages_read() const {
    const std::lock_guard lock(mutex_);
    return pages_read_;
  }
  Result<rpc::EntryBatch> EntriesAfter(Sequence after, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    ++pages_read_;
    lowest_read_ = lowest_read_ ? std::min(*lowest_read_, after) : after;
    auto page = std::make_shared<std::vector<sched::JournalEntry>>();
    if (endless_) {
      page->push_back(entries_.front());
      return rpc::EntryBatch(page);
    }
    for (const sched::JournalEntry& entry : entries_) {
      if (entry.sequence > after && page->size() < limit) page->push_back(entry);
    }
    return rpc::EntryBatch(page);
  }
  Result<std::vector<Sequence>> EntriesAbout(const sched::TaskSelector& target, Sequence after,
                                             std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    if (failure_ || !indexed_) return Unavailable("there is no index");
    std::vector<Sequence> found;
    for (const sched::JournalEntry& entry : entries_) {
      if (entry.sequence > after && found.size() < limit && sched::Concerns(entry, target))
        found.push_back(entry.sequence);
    }
    return found;
  }
  Result<rpc::EntryBatch> EntriesAt(const std::vector<Sequence>& sequences) override {
    const std::lock_guard lock(mutex_);
    auto page = std::make_shared<std::vector<sched::JournalEntry>>();
    for (const sched::JournalEntry& entry : entries_) {
      if (std::binary_search(sequences.begin(), sequences.end(), entry.sequence)) page->push_back(entry);
    }
    return rpc::EntryBatch(page);
  }
  // Without an index the journal must be read.
  void SetIndexed(bool indexed) {
    const std::lock_guard lock(mutex_);
    indexed_ = indexed;
  }
  // Of all pages that were read: behind which entry the first one began.
  std::optional<Sequence> lowest_read() const {
    const std::lock_guard lock(mutex_);
    return lowest_read_;
  }
  // From now on, or no longer, nothing can be told: the history's disk is full.
  void SetFailure(std::optional<Error> failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
  }
  std::size_t failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
  }

 private:
  void Learn(const sched::JournalEntry& entry) {
    if (const auto* node = std::get_if<sched::NodeRegistered>(&entry.body))
      nodes_[node->node] = node->description.name;
    if (const auto* submitted = std::get_if<sched::JobSubmitted>(&entry.body)) {
      jobs_[submitted->id] = {.id = submitted->id,
                              .submitted = std::make_shared<sched::JobSubmitted>(*submitted),
                              .submitted_at = entry.at,
                              .finished_at = {}};
    }
    if (const auto* ended = std::get_if<sched::AttemptEnded>(&entry.body)) {
      attempts_[ended->attempt.task].push_back({nodes_[ended->node], {}, nullptr, entry.at, *ended, {}});
      rpc::PastJob& job = jobs_[ended->attempt.task.job];
      job.finished_at = entry.at;
      if (ended->then == sched::AfterAttempt::kSucceeded) ++job.succeeded;
      if (ended->then == sched::AfterAttempt::kFailed) ++job.failed;
    }
    if (const auto* forgotten = std::get_if<sched::JobsForgotten>(&entry.body)) {
      for (const JobId id : forgotten->jobs) forgotten_[id] = jobs_[id];
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool endless_ = false;
  bool stuck_ = false;
  std::size_t pages_read_ = 0;
  std::optional<Sequence> lowest_read_;
  bool indexed_ = true;
  std::optional<Error> failure_;
  std::size_t failures_ = 0;  // that were told
  std::vector<sched::JournalEntry> entries_;
  std::map<NodeId, std::string> nodes_;
  std::map<sched::TaskRef, std::vector<rpc::PastAttempt>> attempts_;
  std::map<JobId, rpc::PastJob> jobs_;
  std::map<JobId, rpc::PastJob> forgotten_;
};

}  // namespace bsub::testing
