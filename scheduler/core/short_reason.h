// Why a task waits, in one phrase for a list. Made for pages of jobs: what it costs does not grow with the
// number of jobs, nor, but once for each kind of request on a page, with that of the nodes. `explainer.h`
// gives all reasons at length.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "scheduler/core/store.h"

namespace bsub::sched {

class ShortReasons {
 public:
  // For as long as the store does not change.
  explicit ShortReasons(const Store& store) : store_(store) {}

  // Of one task, or of a job as a whole: "waits for done(7)", "queue low is closed", "needs 64 CPUs: no node
  // has them". Empty: it neither waits nor is there anything unusual about the attempt that runs.
  std::string Of(const Job& job, std::optional<std::uint32_t> ordinal);

 private:
  std::string OfWaiting(const Job& job, std::optional<std::uint32_t> ordinal);
  std::string OfDispatch(const Job& job);
  struct Capacity {
    std::string text;
    bool never = false;  // no node that exists could run it
  };
  const Capacity& OfCapacity(const NodesRequest& request);

  const Store& store_;
  std::map<NodesRequest, Capacity> capacity_;
};

}  // namespace bsub::sched
