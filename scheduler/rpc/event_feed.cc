#include "scheduler/rpc/event_feed.h"

namespace bsub::rpc {

void EventFeed::Publish(const EntryBatch& batch) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, listener] : listeners_) listener(batch);
  newest_ = batch->back().sequence;
}

std::pair<EventFeed::SubscriptionId, Sequence> EventFeed::Subscribe(Listener listener) {
  const std::lock_guard lock(mutex_);
  const SubscriptionId id = next_id_++;
  listeners_.emplace(id, std::move(listener));
  return {id, newest_};
}

void EventFeed::Unsubscribe(SubscriptionId id) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(id);
}

Sequence EventFeed::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

void EventFeed::StartAt(Sequence newest) {
  const std::lock_guard lock(mutex_);
  newest_ = newest;
}

}  // namespace bsub::rpc
