#include "scheduler/daemon/disk_history.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace bsub::daemon {
namespace {

// None of these is a setting: what is in the history at last is the same with any of them.
// Entries, about, of one transaction: so few that who asks for the newest does not wait long for it, so many
// that its sync does not count.
constexpr std::size_t kPageEntries = 5000;
// Places in the journal that are kept open for whoever reads it page by page; the oldest is closed for
// another one.
constexpr std::size_t kIdleCursors = 4;
// Before a database that could not be written is opened again.
constexpr std::chrono::seconds kPauseAfterFailure{1};

rpc::PastAttempt Translate(journal::PastAttempt attempt) {
  return {std::move(attempt.node),  std::move(attempt.nodes),     std::move(attempt.placement),
          attempt.ended_at,         std::move(attempt.ended),     attempt.allocated,
          std::move(attempt.parts), std::move(attempt.taken_node)};
}

rpc::PastJob Translate(const journal::PastJob& job) {
  return {job.id, job.submitted, job.submitted_at, job.finished_at, job.succeeded, job.failed, job.priority};
}

}  // namespace

Result<std::unique_ptr<DiskHistory>> DiskHistory::Open(journal::FileSystem& files,
                                                       const journal::DiskJournal& journal,
                                                       DiskHistorySettings settings, LogFn log) {
  std::unique_ptr<DiskHistory> history(new DiskHistory(files, journal, std::move(settings), std::move(log)));
  if (const Status opened = history->OpenWriter(); !opened) {
    const Code code = opened.error().code;
    // What may pass is no reason not to start: the journal is the truth.
    if (code != Code::kResourceExhausted && code != Code::kUnavailable) return opened.error();
    history->Failed(opened.error());
  }
  history->thread_ = std::thread([self = history.get()] { self->Run(); });
  return history;
}

DiskHistory::~DiskHistory() { Stop(); }

Status DiskHistory::OpenWriter() {
  writer_.reset();
  BSUB_ASSIGN_OR_RETURN(writer_, journal::HistoryWriter::Open(settings_.path, settings_.cluster_uuid,
                                                              journal_.Facts().last_sequence));
  if (!writer_->warning().empty()) log_("event=history-anew warning=\"" + writer_->warning() + "\"");
  settings_.applied(writer_->LastSequence());
  const std::lock_guard lock(mutex_);
  applied_ = writer_->LastSequence();
  ++database_;
  behind_ = true;
  return OkStatus();
}

void DiskHistory::Feed(const rpc::EntryBatch& batch) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (backlog_.size() >= settings_.max_backlog) {
      backlog_.clear();
      backlog_entries_ = 0;
      behind_ = true;
    }
    if (!behind_) {
      wake = backlog_.empty() || asked_ > applied_;
      backlog_.push_back(batch);
      backlog_entries_ += batch->size();
    }
    wake = wake || behind_ || backlog_entries_ >= kPageEntries;
  }
  if (wake) changed_.notify_all();
}

void DiskHistory::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DiskHistory::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return behind_ || !backlog_.empty() || stopping_; });
    if (!behind_ && backlog_.empty()) return;
    changed_.wait_for(lock, settings_.gather, [this] {
      return behind_ || stopping_ || asked_ > applied_ || backlog_entries_ >= kPageEntries;
    });
    const bool behind = behind_;
    const std::vector<sched::JournalEntry> entries = TakePage();
    lock.unlock();
    const Status done = !writer_ ? Unavailable("it is not open") : behind ? CatchUp() : Apply(entries);
    if (!done) Recover(done.error());
    lock.lock();
    if (!done && stopping_) return;
  }
}

// Under the lock. Nothing while the journal is read instead.
std::vector<sched::JournalEntry> DiskHistory::TakePage() {
  std::vector<sched::JournalEntry> entries;
  while (!behind_ && !backlog_.empty() && entries.size() < kPageEntries) {
    entries.insert(entries.end(), backlog_.front()->begin(), backlog_.front()->end());
    backlog_entries_ -= backlog_.front()->size();
    backlog_.pop_front();
  }
  return entries;
}

Status DiskHistory::Apply(const std::vector<sched::JournalEntry>& entries) {
  BSUB_RETURN_IF_ERROR(writer_->Apply(entries));
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    applied_ = writer_->LastSequence();
    again = !problem_.empty();
    problem_.clear();
  }
  changed_.notify_all();
  settings_.applied(writer_->LastSequence());
  if (again) log_("event=history-goes-on");
  // By the entries' time, so that one that is made anew comes to hold the same.
  RemoveOld(entries.back().at - settings_.retention);
  return OkStatus();
}

// What was taken is in the database, whatever becomes of this: it is tried again with the next batch.
void DiskHistory::RemoveOld(TimePoint before) {
  const auto removed = writer_->RemoveOld(before, settings_.max_removed);
  const std::string problem = removed ? "" : removed.error().message;
  if (!problem.empty() && problem != removal_problem_)
    log_("event=history-not-shortened error=\"" + problem + "\"");
  removal_problem_ = problem;
}

// From the journal's files up to what is durable. Batches that come meanwhile wait for the next round of it,
// until there is nothing left to read.
Status DiskHistory::CatchUp() {
  journal::JournalCursor cursor(files_, journal_.directory(), writer_->LastSequence());
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) behind_ = false;
      // Under the lock: what becomes durable after this is fed to the backlog.
      if (writer_->LastSequence() >= journal_.Facts().last_sequence) behind_ = false;
      if (!behind_) return OkStatus();
    }
    BSUB_ASSIGN_OR_RETURN(const auto entries, cursor.Next(kPageEntries, journal_.Facts().last_sequence));
    if (!entries.empty()) BSUB_RETURN_IF_ERROR(Apply(entries));
  }
}

void DiskHistory::Failed(const Error& error) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = problem_ != error.message;
    problem_ = error.message;
    behind_ = true;
    backlog_.clear();
    backlog_entries_ = 0;
  }
  changed_.notify_all();
  if (news) log_("event=history-failed error=\"" + error.message + "\"");
}

// Returns when the database is open again, which need not mean that it can be written, or at the end.
void DiskHistory::Recover(Error error) {
  if (writer_) Failed(error);
  for (;;) {
    {
      // A full disk does not get better by asking at once.
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, kPauseAfterFailure, [this] { return stopping_; })) return;
    }
    const Status again = OpenWriter();
    if (again) return;
    Failed(again.error());
  }
}

Status DiskHistory::WaitApplied(Sequence sequence) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return applied_ >= sequence.value(); };
  asked_ = std::max(asked_, sequence.value());
  if (!there()) changed_.notify_all();
  changed_.wait_for(lock, settings_.timeout, [&] { return there() || !problem_.empty(); });
  if (there()) return OkStatus();
  if (!problem_.empty()) {
    return FailedPrecondition("the history of jobs cannot be written now: " + problem_ +
                              "; jobs go on, and `bsub-lite jobs` shows them");
  }
  missed_ = std::max(missed_, sequence.value());
  return Behind(sequence, "try again in a moment");
}

Status DiskHistory::ExpectApplied(Sequence sequence) {
  {
    const std::lock_guard lock(mutex_);
    if (applied_ < sequence.value() && applied_ < missed_)
      return Behind(sequence, "entry " + std::to_string(missed_) + " was waited for in vain");
  }
  return WaitApplied(sequence);
}

// Under the lock.
Error DiskHistory::Behind(Sequence wanted, const std::string& advice) const {
  return {Code::kDeadlineExceeded, "the history is still catching up (at entry " + std::to_string(applied_) +
                                       " of " + std::to_string(wanted.value()) + "); " + advice};
}

template <typename Query>
auto DiskHistory::Ask(Query query) -> decltype(query(std::declval<journal::HistoryReader&>())) {
  std::uint64_t database = 0;
  {
    const std::lock_guard lock(mutex_);
    database = database_;
  }
  std::unique_ptr<journal::HistoryReader> reader;
  {
    const std::lock_guard lock(readers_mutex_);
    while (!readers_.empty() && !reader) {
      if (readers_.back().first == database) reader = std::move(readers_.back().second);
      readers_.pop_back();
    }
  }
  if (!reader) {
    BSUB_ASSIGN_OR_RETURN(reader, journal::HistoryReader::Open(settings_.path));
  }
  auto answer = query(*reader);
  if (!answer) return answer;  // a reader that failed is not used again
  const std::lock_guard lock(readers_mutex_);
  readers_.emplace_back(database, std::move(reader));
  return answer;
}

Result<std::vector<rpc::PastAttempt>> DiskHistory::AttemptsOf(sched::TaskRef task) {
  BSUB_ASSIGN_OR_RETURN(auto found,
                        Ask([&](journal::HistoryReader& reader) { return reader.AttemptsOf(task); }));
  std::vector<rpc::PastAttempt> attempts;
  for (journal::PastAttempt& attempt : found) {
    if (attempt.ended_at.set()) attempts.push_back(Translate(std::move(attempt)));
  }
  return attempts;
}

Result<std::optional<rpc::PastTaskEnd>> DiskHistory::EndOf(sched::TaskRef task) {
  BSUB_ASSIGN_OR_RETURN(const auto found,
                        Ask([&](journal::HistoryReader& reader) { return reader.EndOf(task); }));
  if (!found) return std::optional<rpc::PastTaskEnd>();
  return std::optional(rpc::PastTaskEnd{found->end, found->at});
}

Result<std::optional<rpc::PastJob>> DiskHistory::FindJob(JobId job) {
  BSUB_ASSIGN_OR_RETURN(const auto found,
                        Ask([&](journal::HistoryReader& reader) { return reader.FindJob(job); }));
  if (!found) return std::optional<rpc::PastJob>();
  return std::optional(Translate(*found));
}

Result<std::vector<rpc::PastJob>> DiskHistory::ForgottenJobs(JobId from, bool newest_first,
                                                             std::size_t limit) {
  BSUB_ASSIGN_OR_RETURN(const auto found, Ask([&](journal::HistoryReader& reader) {
                          return reader.ForgottenJobs(from, newest_first, limit);
                        }));
  std::vector<rpc::PastJob> jobs;
  for (const journal::PastJob& job : found) jobs.push_back(Translate(job));
  return jobs;
}

Result<rpc::EntryBatch> DiskHistory::EntriesAfter(Sequence after, std::size_t limit) {
  std::unique_ptr<journal::JournalCursor> cursor;
  {
    const std::lock_guard lock(readers_mutex_);
    const auto it = std::find_if(cursors_.begin(), cursors_.end(),
                                 [&](const auto& c) { return c->after() == after.value(); });
    if (it != cursors_.end()) {
      cursor = std::move(*it);
      cursors_.erase(it);
    }
  }
  if (!cursor) cursor = std::make_unique<journal::JournalCursor>(files_, journal_.directory(), after.value());
  BSUB_ASSIGN_OR_RETURN(auto entries, cursor->Next(limit, journal_.Facts().last_sequence));
  const std::lock_guard lock(readers_mutex_);
  cursors_.push_back(std::move(cursor));
  if (cursors_.size() > kIdleCursors) cursors_.erase(cursors_.begin());
  return std::make_shared<const std::vector<sched::JournalEntry>>(std::move(entries));
}

Result<std::vector<Sequence>> DiskHistory::EntriesAbout(const sched::TaskSelector& target, Sequence after,
                                                        std::size_t limit) {
  BSUB_ASSIGN_OR_RETURN(const auto found, Ask([&](journal::HistoryReader& reader) {
                          return reader.EventsOf(target, after.value(), limit);
                        }));
  return std::vector<Sequence>(found.begin(), found.end());
}

Result<rpc::EntryBatch> DiskHistory::EntriesAt(const std::vector<Sequence>& sequences) {
  auto entries = std::make_shared<std::vector<sched::JournalEntry>>();
  if (sequences.empty()) return rpc::EntryBatch(entries);
  const std::uint64_t durable = journal_.Facts().last_sequence;
  journal::JournalCursor cursor(files_, journal_.directory(), sequences.front().value() - 1);
  for (const Sequence sequence : sequences) {
    if (sequence.value() <= cursor.after()) continue;  // gone with its segment
    cursor.SkipTo(sequence.value() - 1);
    BSUB_ASSIGN_OR_RETURN(auto page, cursor.Next(1, durable));
    if (!page.empty() && page.front().sequence == sequence) entries->push_back(std::move(page.front()));
  }
  return rpc::EntryBatch(entries);
}

}  // namespace bsub::daemon
