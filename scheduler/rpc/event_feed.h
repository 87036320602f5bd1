// Hands entries that have become durable to whoever follows them: `events --follow`, `wait`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "common/ids.h"
#include "scheduler/rpc/history_port.h"

namespace bsub::rpc {

class EventFeed {
 public:
  using SubscriptionId = std::uint64_t;
  // Called on the publishing thread for every batch, in order; must be short.
  using Listener = std::function<void(const EntryBatch&)>;

  // A batch is not empty and goes on where the one before ended.
  void Publish(const EntryBatch& batch);
  // Returns the newest sequence that was published before the listener's first batch.
  std::pair<SubscriptionId, Sequence> Subscribe(Listener listener);
  // No call is being made to the listener once this has returned. Not from within a listener.
  void Unsubscribe(SubscriptionId id);
  Sequence newest() const;
  void StartAt(Sequence newest);

 private:
  mutable std::mutex mutex_;  // held while listeners are called
  std::map<SubscriptionId, Listener> listeners_;
  SubscriptionId next_id_ = 1;
  Sequence newest_;
};

}  // namespace bsub::rpc
