// From decided to told: batches of entries are made durable, and then what rests on them is released.
//
//   core thread --Add--> gathering batch --sync thread--> journal --release thread--> publish, replies,
//   launches
//
// While one batch is being synced the next is gathered: under load a sync is shared by all that came
// meanwhile. What is released keeps the order in which it was added, replies and messages for nodes each
// among themselves. If an append fails nothing of it is ever released: `on_failure` must end the process.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "common/result.h"
#include "scheduler/daemon/batch.h"
#include "scheduler/daemon/journal_port.h"
#include "scheduler/rpc/history_port.h"

namespace bsub::daemon {

struct CommitterLimits {
  std::size_t gathered = 100'000;  // entries, releases and messages; then Add waits for the disk
  std::uint64_t bytes = std::uint64_t{16} << 20;  // gathered; the same
  std::size_t unreleased = 64;  // synced batches that wait for their release; then the disk is held back
};

class Committer {
 public:
  using PublishFn = std::function<void(const rpc::EntryBatch&)>;
  using FailFn = std::function<void(const Error&)>;
  using ToNodesFn = std::function<void(std::vector<sched::Message>)>;  // those of one batch

  Committer(JournalPort& journal, PublishFn publish, ToNodesFn to_nodes, FailFn on_failure,
            const CommitterLimits& limits);
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // From one thread.
  void Add(Batch part);
  // Everything added is durable and released when this returns.
  void Stop();

 private:
  bool IsFull() const;
  void SyncBatches();
  Status Sync(const Batch& batch, std::chrono::steady_clock::time_point& looked_at);
  bool MayReleaseHere(const Batch& batch) const;
  void ReleaseBatches();
  void Release(Batch& batch);

  JournalPort& journal_;
  const PublishFn publish_;
  const ToNodesFn to_nodes_;
  const FailFn on_failure_;
  const CommitterLimits limits_;

  std::mutex mutex_;
  std::condition_variable room_;      // in gathering_
  std::condition_variable sync_due_;  // for the sync thread
  std::condition_variable synced_;    // for the release thread
  Batch gathering_;
  std::deque<Batch> durable_;
  bool releasing_ = false;  // the release thread is at one
  bool stopping_ = false;
  bool synced_all_ = false;  // stopping, and the sync thread is through
  std::thread sync_thread_;
  std::thread release_thread_;
};

}  // namespace bsub::daemon
