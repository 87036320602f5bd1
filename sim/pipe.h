// One direction of a stream: messages arrive late but in order, until it breaks; then a suffix of what was
// under way is lost, and so is all that is sent later.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "common/time.h"
#include "sim/event_queue.h"
#include "sim/random.h"

namespace bsub::sim {

template <typename T>
class Pipe : public std::enable_shared_from_this<Pipe<T>> {
 public:
  // How long messages take: mostly `usual`, sometimes (permille `late`) up to `worst`.
  struct Latency {
    Duration usual;
    Duration worst;
    std::uint32_t late = 0;
  };

  Pipe(EventQueue& events, Random& random, Latency latency, std::function<void(const T&)> deliver)
      : events_(events), random_(random), latency_(latency), deliver_(std::move(deliver)) {}

  // False if the message is lost at once.
  bool Send(T message) {
    if (broken_) return false;
    // A new connection is what most often hangs.
    const std::uint32_t late = sent_ == 0 && latency_.late > 0 ? kFirstIsLate : latency_.late;
    const Duration delay =
        random_.Between(Duration(1), random_.Chance(late) ? latency_.worst : latency_.usual);
    last_ = std::max(last_, events_.now() + delay);
    events_.At(last_, [self = this->shared_from_this(), serial = ++sent_, m = std::move(message)] {
      if (serial > self->cut_) return;
      self->arrived_ = serial;
      self->deliver_(m);
    });
    return true;
  }

  // Returns how many messages were lost on the way.
  std::uint64_t Break() {
    if (broken_) return 0;
    broken_ = true;
    cut_ = arrived_ + random_.Below(sent_ - arrived_ + 1);
    return sent_ - cut_;
  }
  bool broken() const { return broken_; }
  // When the last message that is still under way arrives.
  TimePoint last() const { return last_; }

 private:
  static constexpr std::uint32_t kFirstIsLate = 250;  // permille

  EventQueue& events_;
  Random& random_;
  const Latency latency_;
  const std::function<void(const T&)> deliver_;
  std::uint64_t sent_ = 0;
  std::uint64_t arrived_ = 0;
  std::uint64_t cut_ = UINT64_MAX;
  TimePoint last_;
  bool broken_ = false;
};

}  // namespace bsub::sim
