// Learns how units end, sends back those that are to be requeued, and tells of those that are over.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "tests/integration/soak/caller.h"
#include "tests/integration/soak/open_units.h"

namespace bsub::soak {

class Watcher {
 public:
  Watcher(const Options& options, OpenUnits& units);
  // Once around all that is open, or its oldest part.
  void Look();
  // What is still open will not end.
  void TellStuck();
  std::int64_t over() const { return over_; }
  std::int64_t repeats() const { return repeats_; }

 private:
  struct End {
    std::string state;
    std::string kind;
  };
  using Ends = std::map<std::uint64_t, End>;

  grpc::Status Ask(const std::vector<Unit>& units, Ends& ends);
  void FindLost(const std::vector<Unit>& units);
  void Step(Unit unit, const Ends& ends);
  void Requeue(const UnitJob& job);

  const std::unique_ptr<Stub> stub_;
  OpenUnits& units_;
  const std::atomic<bool> never_{false};
  std::atomic<std::int64_t> over_{0};
  std::atomic<std::int64_t> repeats_{0};
};

}  // namespace bsub::soak
