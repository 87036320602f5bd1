#include "worker/rpc/report_gatherer.h"

#include <algorithm>
#include <utility>

namespace bsub::worker {

ReportGatherer::~ReportGatherer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ReportGatherer::Reset() {
  const std::lock_guard lock(mutex_);
  gathers_ = false;
  running_ = 0;
  waiting_.clear();
  due_ = Pace::Clock::time_point::max();
}

void ReportGatherer::Begin(Duration longest, std::uint32_t full_at) {
  const std::lock_guard lock(mutex_);
  gathers_ = true;
  pace_ = Pace(longest, full_at);
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void ReportGatherer::Launched(std::size_t tasks) {
  const std::lock_guard lock(mutex_);
  running_ += tasks;
}

void ReportGatherer::Add(v1::FromNode report) {
  const std::lock_guard lock(mutex_);
  if (!gathers_) return send_(std::move(report));
  const auto now = Pace::Clock::now();
  const bool ended = report.task().ended();
  const auto due = ended ? pace_.Due(now, running_) : pace_.DueAtLeisure(now);
  if (ended && running_ > 0) --running_;
  waiting_.push_back(std::move(report));
  if (due <= now) return SendAll();
  if (due >= due_) return;
  due_ = due;
  changed_.notify_all();
}

// Under the lock. In one message for each incarnation: there are two only while a stream changes.
void ReportGatherer::SendAll() {
  v1::FromNode message;
  for (v1::FromNode& report : waiting_) {
    if (message.tasks().tasks_size() > 0 && message.incarnation() != report.incarnation())
      send_(std::exchange(message, v1::FromNode()));
    message.set_incarnation(report.incarnation());
    *message.mutable_tasks()->add_tasks() = std::move(*report.mutable_task());
  }
  waiting_.clear();
  due_ = Pace::Clock::time_point::max();
  pace_.Taken(Pace::Clock::now());
  if (message.tasks().tasks_size() > 0) send_(std::move(message));
}

void ReportGatherer::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
    } else if (due_ > Pace::Clock::now()) {
      changed_.wait_until(lock, due_);
    } else {
      SendAll();
    }
  }
}

}  // namespace bsub::worker
