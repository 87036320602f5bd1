// Simulated time: what happens next. Events of one instant run in the order in which they were planned, so a
// run is a function of its seed alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "common/time.h"

namespace bsub::sim {

class EventQueue {
 public:
  explicit EventQueue(TimePoint start) : now_(start) {}

  TimePoint now() const { return now_; }
  bool empty() const { return heap_.empty(); }

  void At(TimePoint at, std::function<void()> run) {
    heap_.push_back({std::max(at, now_), ++serial_, std::move(run)});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }
  void After(Duration delay, std::function<void()> run) { At(now_ + delay, std::move(run)); }

  // Runs the next event; false if there is none.
  bool RunOne() {
    if (heap_.empty()) return false;
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    now_ = event.at;
    event.run();
    return true;
  }

 private:
  struct Event {
    TimePoint at;
    std::uint64_t serial = 0;
    std::function<void()> run;
  };
  static bool Later(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.serial > b.serial;
  }

  TimePoint now_;
  std::uint64_t serial_ = 0;
  std::vector<Event> heap_;
};

}  // namespace bsub::sim
