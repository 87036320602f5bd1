#include "scheduler/daemon/committer.h"

#include <chrono>
#include <memory>
#include <utility>

namespace bsub::daemon {
namespace {

// How often an idle journal is asked whether it has something to do (a snapshot's helper may have ended). No
// setting: nobody waits for it.
constexpr std::chrono::milliseconds kIdleInterval{500};

// So much may the sync thread release itself when nothing else is to be synced: waking another thread for a
// handful of messages takes longer than they do. No setting: it changes no order and nothing is lost by it.
constexpr std::size_t kFewReleases = 4;

}  // namespace

Committer::Committer(JournalPort& journal, PublishFn publish, ToNodesFn to_nodes, FailFn on_failure,
                     const CommitterLimits& limits)
    : journal_(journal),
      publish_(std::move(publish)),
      to_nodes_(std::move(to_nodes)),
      on_failure_(std::move(on_failure)),
      limits_(limits) {
  sync_thread_ = std::thread([this] { SyncBatches(); });
  release_thread_ = std::thread([this] { ReleaseBatches(); });
}

Committer::~Committer() { Stop(); }

bool Committer::IsFull() const {
  return gathering_.sealed || gathering_.bytes >= limits_.bytes ||
         gathering_.entries.size() + gathering_.releases.size() + gathering_.to_nodes.size() >=
             limits_.gathered;
}

void Committer::Add(Batch part) {
  if (part.empty()) return;
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return !IsFull(); });
  const bool first = gathering_.empty();
  gathering_.Append(std::move(part));
  lock.unlock();
  if (first) sync_due_.notify_one();
}

void Committer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  sync_due_.notify_one();
  if (sync_thread_.joinable()) sync_thread_.join();
  if (release_thread_.joinable()) release_thread_.join();
}

// Under the lock: nothing else is to be done by either thread, and it is soon done.
bool Committer::MayReleaseHere(const Batch& batch) const {
  return gathering_.empty() && durable_.empty() && !releasing_ &&
         batch.releases.size() + batch.to_nodes.size() <= kFewReleases;
}

void Committer::SyncBatches() {
  std::unique_lock lock(mutex_);
  const auto ready = [this] {
    return (!gathering_.empty() || stopping_) && durable_.size() < limits_.unreleased;
  };
  auto looked_at = std::chrono::steady_clock::now();
  for (;;) {
    const bool idle = !sync_due_.wait_for(lock, kIdleInterval, ready);
    if (!idle && gathering_.empty()) break;
    Batch batch = idle ? Batch() : std::exchange(gathering_, {});
    lock.unlock();
    room_.notify_one();
    const Status done = Sync(batch, looked_at);
    if (!done) {
      on_failure_(done.error());
      lock.lock();  // only a test's on_failure comes back
      break;
    }
    lock.lock();
    if (idle) continue;
    if (MayReleaseHere(batch)) {
      lock.unlock();
      Release(batch);
      lock.lock();
      continue;
    }
    durable_.push_back(std::move(batch));
    synced_.notify_one();
  }
  synced_all_ = true;
  synced_.notify_one();
}

// Reads and refusals write nothing, but must not keep the journal from what it has to do now and then.
Status Committer::Sync(const Batch& batch, std::chrono::steady_clock::time_point& looked_at) {
  const auto now = std::chrono::steady_clock::now();
  if (batch.entries.empty() && now - looked_at < kIdleInterval) return OkStatus();
  looked_at = now;
  return batch.entries.empty() ? journal_.Idle() : journal_.Append(batch.entries, batch.payloads);
}

void Committer::ReleaseBatches() {
  std::unique_lock lock(mutex_);
  for (;;) {
    synced_.wait(lock, [this] { return !durable_.empty() || synced_all_; });
    if (durable_.empty()) return;
    Batch batch = std::move(durable_.front());
    const bool held_back = durable_.size() == limits_.unreleased;
    durable_.pop_front();
    releasing_ = true;
    lock.unlock();
    if (held_back) sync_due_.notify_one();
    Release(batch);
    lock.lock();
    releasing_ = false;
  }
}

void Committer::Release(Batch& batch) {
  if (!batch.entries.empty()) {
    publish_(std::make_shared<const std::vector<sched::JournalEntry>>(std::move(batch.entries)));
  }
  // Before those who saw the decisions: they may send the same nodes something that follows from them.
  if (!batch.to_nodes.empty()) to_nodes_(std::move(batch.to_nodes));
  for (const std::function<void()>& release : batch.releases) release();
}

}  // namespace bsub::daemon
