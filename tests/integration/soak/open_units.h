// Units that are acknowledged, or about to be, and not over; and which ids were given out.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/integration/soak/unit.h"

namespace bsub::soak {

class OpenUnits {
 public:
  explicit OpenUnits(std::int64_t most) : most_(most) {}

  // Waits for room below the limit and takes it. False: it was closed.
  bool Enter();
  void Close();
  // Acknowledged: the end is waited for from now on.
  void Put(Unit unit);
  // Room is free again.
  void Leave();

  std::vector<Unit> Oldest(std::size_t most) const;
  void Remove(std::uint64_t number);
  std::int64_t size() const;  // with those that are being submitted

  // False: this id was given out before.
  bool Note(std::uint64_t id);
  // One of the ids that were given out last; 0: there is none yet.
  std::uint64_t RecentId(std::uint64_t dice) const;

 private:
  const std::int64_t most_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::int64_t entered_ = 0;
  std::map<std::uint64_t, Unit> units_;
  std::vector<bool> given_;
  std::vector<std::uint64_t> recent_;
  std::size_t next_recent_ = 0;
};

}  // namespace bsub::soak
