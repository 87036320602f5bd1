// Clients that come and go beside the load: followers of events and of logs, and questions about jobs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/soak/caller.h"
#include "tests/integration/soak/open_units.h"
#include "tests/integration/soak/report.h"

namespace bsub::soak {

class Onlookers {
 public:
  Onlookers(const Options& options, const OpenUnits& units);
  ~Onlookers() { Stop(); }
  void Stop();

  Latencies& queries() { return queries_; }
  std::int64_t followed() const { return followed_; }
  std::int64_t questions() const { return questions_; }

 private:
  void FollowEvents(std::uint64_t dice);
  void FollowLog(std::uint64_t dice);
  void AskJob(std::uint64_t dice);
  void AskOther(std::uint64_t dice);
  void Repeat(std::uint64_t seed, const std::function<void(std::uint64_t)>& visit);

  const Options& options_;
  const OpenUnits& units_;
  const std::unique_ptr<Stub> stub_;  // of those that ask
  Latencies queries_;
  std::atomic<bool> stop_{false};
  std::atomic<std::int64_t> followed_{0};
  std::atomic<std::int64_t> questions_{0};
  std::vector<std::thread> threads_;
};

}  // namespace bsub::soak
