// Tells those who wait for jobs that something about them has become durable.
//
// A batch of entries costs one lookup per entry while somebody waits, and nothing while nobody does.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "common/ids.h"
#include "scheduler/rpc/event_feed.h"

namespace bsub::rpc {

class WaitHub {
 public:
  using WatchId = std::uint64_t;
  explicit WaitHub(EventFeed& feed);
  ~WaitHub();

  // `touched` is called on the publishing thread, at most once per batch, with those of the jobs that it is
  // about; it must be short and not call back here.
  using TouchedFn = std::function<void(const std::vector<JobId>&)>;
  WatchId Watch(const std::vector<JobId>& jobs, TouchedFn touched);
  void Unwatch(WatchId id);

 private:
  void Look(const EntryBatch& batch);

  struct Watched {
    std::vector<JobId> jobs;
    TouchedFn touched;
  };

  EventFeed& feed_;
  EventFeed::SubscriptionId subscription_ = 0;
  std::mutex mutex_;
  std::map<WatchId, Watched> watches_;
  std::unordered_map<JobId, std::set<WatchId>> by_job_;
  WatchId next_id_ = 1;
};

}  // namespace bsub::rpc
