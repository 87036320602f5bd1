// Reports of tasks on their way to the scheduler wait a little for others (common/pace.h): a message of many
// costs both sides hardly more than a message of one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "api/bsub/v1/worker.pb.h"
#include "common/pace.h"

namespace bsub::worker {

using Pace = PaceOf<std::chrono::steady_clock>;

class ReportGatherer {
 public:
  using SendFn = std::function<void(v1::FromNode message)>;  // called under a lock, in order

  explicit ReportGatherer(SendFn send) : send_(std::move(send)) {}
  ~ReportGatherer();
  ReportGatherer(const ReportGatherer&) = delete;
  ReportGatherer& operator=(const ReportGatherer&) = delete;

  // For a new stream: what waits is dropped, since the Hello tells it, and nothing waits until Begin.
  void Reset();
  // As the scheduler wishes.
  void Begin(Duration longest, std::uint32_t full_at);
  // So many tasks were ordered; each ends with a report.
  void Launched(std::size_t tasks);
  // `report` has a task. It is sent now, or with others.
  void Add(v1::FromNode report);

 private:
  void Run();
  void SendAll();

  const SendFn send_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool gathers_ = false;
  bool stopping_ = false;
  Pace pace_;
  std::size_t running_ = 0;
  std::vector<v1::FromNode> waiting_;
  Pace::Clock::time_point due_ = Pace::Clock::time_point::max();
  std::thread thread_;  // from the first Begin
};

}  // namespace bsub::worker
