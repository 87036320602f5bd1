#include "worker/interruption/metadata_watch.h"

#include <memory>
#include <utility>

namespace bsub::worker {

Result<std::unique_ptr<MetadataWatch>> MetadataWatch::Start(const MetadataSettings& settings, Tell tell) {
  BSUB_ASSIGN_OR_RETURN(HttpAddress address, ParseHttpAddress(settings.address));
  return std::unique_ptr<MetadataWatch>(new MetadataWatch(std::move(address), settings, std::move(tell)));
}

MetadataWatch::MetadataWatch(HttpAddress address, const MetadataSettings& settings, Tell tell)
    : settings_(settings),
      tell_(std::move(tell)),
      metadata_(std::move(address), settings.timeout),
      thread_([this] { Run(); }) {}

MetadataWatch::~MetadataWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

void MetadataWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    Look();
    lock.lock();
    stopped_.wait_for(lock, settings_.interval, [this] { return stop_; });
  }
}

void MetadataWatch::Look() {
  const auto notice = metadata_.SpotNotice();
  if (!notice) {
    if (!std::exchange(in_trouble_, true)) tell_({{}, notice.error().message, false});
    return;
  }
  in_trouble_ = false;
  if (!*notice) return LookForRebalance();
  if (**notice == told_) return;
  told_ = **notice;
  tell_({told_, "", false});
}

// Not every service that plays EC2 has it: what is no answer says nothing.
void MetadataWatch::LookForRebalance() {
  if (rebalance_) return;
  const auto recommended = metadata_.RebalanceRecommended();
  rebalance_ = recommended && *recommended;
  if (rebalance_) tell_({{}, "", true});
}

}  // namespace bsub::worker
