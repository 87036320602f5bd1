// What is submitted together and judged together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/bsub/v1/scheduler.pb.h"
#include "tests/integration/soak/options.h"

namespace bsub::soak {

enum class Kind {
  kPlain,
  kArray,
  kChain,      // the second job depends on the first
  kRetried,    // fails at first and is tried again
  kFailing,    // fails as often as it may
  kRequeued,   // fails, is sent back, succeeds
  kForgone,    // cancelled while it is held
  kCancelled,  // cancelled while it waits, runs or ends
};

std::string_view ToString(Kind kind);

struct UnitJob {
  std::string key;  // of its ledger
  std::uint64_t id = 0;
  std::string state;  // once over
  std::string end;    // "exited", "cancelled", …
};

struct Unit {
  std::uint64_t number = 0;
  Kind kind = Kind::kPlain;
  double seconds = 0;  // that a task takes
  std::vector<UnitJob> jobs;
};

// Unit `number` of a run: the same seed makes the same ones.
Unit MakeUnit(const Options& options, std::uint64_t number);

// The submit of job `which`; those before it have their ids.
v1::SubmitRequest RequestOf(const Options& options, const Unit& unit, std::size_t which);

// One line of JSON for the judge.
std::string OverLine(const Unit& unit);

}  // namespace bsub::soak
