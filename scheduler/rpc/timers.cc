#include "scheduler/rpc/timers.h"

namespace bsub::rpc {

Timers::Timers() : thread_([this] { Run(); }) {}

Timers::~Timers() { Stop(); }

void Timers::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Timers::TimerId Timers::After(Duration delay, std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  const TimerId id = next_id_++;
  const Clock::time_point at = Clock::now() + delay;
  calls_.emplace(std::pair(at, id), std::move(call));
  due_.emplace(id, at);
  changed_.notify_all();
  return id;
}

void Timers::Cancel(TimerId id) {
  const std::lock_guard lock(mutex_);
  const auto it = due_.find(id);
  if (it == due_.end()) return;
  calls_.erase({it->second, id});
  due_.erase(it);
}

void Timers::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (calls_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = calls_.begin();
    if (const Clock::time_point at = first->first.first; at > Clock::now()) {
      changed_.wait_until(lock, at);
      continue;
    }
    const std::function<void()> call = std::move(first->second);
    due_.erase(first->first.second);
    calls_.erase(first);
    lock.unlock();
    call();
    lock.lock();
  }
}

}  // namespace bsub::rpc
