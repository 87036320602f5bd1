// The history in SQLite behind the adapters' port, and the thread that feeds it.
//
// Batches come from the committer. When the history lags (a slow disk, a start after a crash, a damaged
// database that is made anew) it is fed from the journal's files instead: it holds nobody up and misses
// nothing. While it cannot be written (a full disk) it is tried again every second.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/result.h"
#include "scheduler/journal/disk_journal.h"
#include "scheduler/journal/history.h"
#include "scheduler/journal/journal_cursor.h"
#include "scheduler/rpc/history_port.h"

namespace bsub::daemon {

struct DiskHistorySettings {
  std::string path;
  std::string cluster_uuid;
  std::size_t max_backlog = 10'000;  // batches
  Duration timeout = std::chrono::seconds(10);
  Duration retention = std::chrono::hours(24 * 365);
  std::size_t max_removed = 10'000;  // rows, after each batch that is taken
  Duration gather{};                 // entries wait so long for others, but not while somebody waits for them
  // Told how far the database has come, which may be less than before when it is made anew.
  std::function<void(std::uint64_t sequence)> applied = [](std::uint64_t) {};
};

class DiskHistory final : public rpc::HistoryPort {
 public:
  using LogFn = std::function<void(const std::string& line)>;

  static Result<std::unique_ptr<DiskHistory>> Open(journal::FileSystem& files,
                                                   const journal::DiskJournal& journal,
                                                   DiskHistorySettings settings, LogFn log);
  ~DiskHistory() override;

  void Feed(const rpc::EntryBatch& batch);  // in order, from one thread
  // What was fed is in the database when this returns, unless that fails.
  void Stop();

  Status WaitApplied(Sequence sequence) override;
  Status ExpectApplied(Sequence sequence) override;
  Result<std::vector<rpc::PastAttempt>> AttemptsOf(sched::TaskRef task) override;
  Result<std::optional<rpc::PastTaskEnd>> EndOf(sched::TaskRef task) override;
  Result<std::optional<rpc::PastJob>> FindJob(JobId job) override;
  Result<std::vector<rpc::PastJob>> ForgottenJobs(JobId from, bool newest_first, std::size_t limit) override;
  Result<rpc::EntryBatch> EntriesAfter(Sequence after, std::size_t limit) override;
  Result<std::vector<Sequence>> EntriesAbout(const sched::TaskSelector& target, Sequence after,
                                             std::size_t limit) override;
  Result<rpc::EntryBatch> EntriesAt(const std::vector<Sequence>& sequences) override;

 private:
  DiskHistory(journal::FileSystem& files, const journal::DiskJournal& journal, DiskHistorySettings settings,
              LogFn log)
      : files_(files), journal_(journal), settings_(std::move(settings)), log_(std::move(log)) {}

  Status OpenWriter();
  void Run();
  std::vector<sched::JournalEntry> TakePage();
  Status CatchUp();
  Status Apply(const std::vector<sched::JournalEntry>& entries);
  void RemoveOld(TimePoint before);
  void Recover(Error error);
  void Failed(const Error& error);
  Error Behind(Sequence wanted, const std::string& advice) const;
  // Runs `query` with a reader of its own.
  template <typename Query>
  auto Ask(Query query) -> decltype(query(std::declval<journal::HistoryReader&>()));

  journal::FileSystem& files_;
  const journal::DiskJournal& journal_;
  const DiskHistorySettings settings_;
  const LogFn log_;
  std::unique_ptr<journal::HistoryWriter> writer_;  // the feeding thread's
  std::string removal_problem_;                     // the feeding thread's; empty: there was none

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<rpc::EntryBatch> backlog_;
  std::size_t backlog_entries_ = 0;
  std::uint64_t asked_ = 0;  // the highest entry that somebody waits or waited for
  bool behind_ = true;       // the backlog does not go on where the database ends
  bool stopping_ = false;
  std::string problem_;  // why it does not go on; empty: it does
  std::uint64_t applied_ = 0;
  std::uint64_t missed_ = 0;    // the highest entry that was waited for in vain
  std::uint64_t database_ = 0;  // counts databases: a reader of an older one is closed

  std::mutex readers_mutex_;
  std::vector<std::pair<std::uint64_t, std::unique_ptr<journal::HistoryReader>>> readers_;  // idle ones
  std::vector<std::unique_ptr<journal::JournalCursor>> cursors_;                            // idle ones
  std::thread thread_;
};

}  // namespace bsub::daemon
