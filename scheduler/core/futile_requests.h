// Requests that found no place, remembered as long as they cannot find one: looking for places of a gang in a
// large tree takes milliseconds, and a thousand that wait would cost each cycle as many times that.
//
// During a cycle room only shrinks; between cycles it grows when NodeCapacity::grown says so, or when what is
// kept free for others has changed. Scratch: after a restart each is asked once more.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "scheduler/core/choose_nodes.h"

namespace bsub::sched {

class FutileRequests {
 public:
  // At the beginning of a cycle; `grown` of the capacity it will look at.
  void Begin(std::uint64_t grown) {
    if (grown != grown_) requests_.clear();
    grown_ = grown;
    relied_on_ = false;
  }
  // `walltime`: what the class that asks goes by; who is off a node in time finds room where others do not.
  void Add(const NodesRequest& request, Duration walltime) { requests_.insert({request, walltime}); }
  bool Has(const NodesRequest& request, Duration walltime) {
    const bool has = requests_.count({request, walltime}) > 0;
    relied_on_ |= has;
    return has;
  }
  // Whether this cycle has passed anything over without looking.
  bool relied_on() const { return relied_on_; }
  void Forget() { requests_.clear(); }

 private:
  std::set<std::pair<NodesRequest, Duration>> requests_;
  std::uint64_t grown_ = 0;
  bool relied_on_ = false;
};

}  // namespace bsub::sched
