// What happened lately, for the report of a violation; and the violation itself.
#pragma once

#include <cstdio>
#include <deque>
#include <string>

#include "common/time.h"
#include "sim/event_queue.h"

namespace bsub::sim {

// A broken promise: ends the run of this seed. Thrown so that it surfaces from any depth of the model.
struct Violation {
  std::string what;
};

class Trace {
 public:
  Trace(const EventQueue& events, bool verbose, std::size_t keep)
      : events_(events), verbose_(verbose), keep_(keep), start_(events.now()) {}

  void Note(std::string text) {
    std::string line = Clock() + "  " + std::move(text);
    if (verbose_) std::printf("%s\n", line.c_str());
    lines_.push_back(std::move(line));
    if (lines_.size() > keep_) lines_.pop_front();
  }
  const std::deque<std::string>& lines() const { return lines_; }

 private:
  // Seconds since the start, to the microsecond.
  std::string Clock() const {
    const std::int64_t us = (events_.now() - start_).count();
    char text[32];
    std::snprintf(text, sizeof text, "%6lld.%06lld", static_cast<long long>(us / 1'000'000),
                  static_cast<long long>(us % 1'000'000));
    return text;
  }

  const EventQueue& events_;
  const bool verbose_;
  const std::size_t keep_;
  const TimePoint start_;
  std::deque<std::string> lines_;
};

}  // namespace bsub::sim
