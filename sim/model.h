// What every part of the simulated world shares: time, luck, the books, and what this run is like.
#pragma once

#include <cstdint>
#include <string>

#include "sim/event_queue.h"
#include "sim/fault_settings.h"
#include "sim/ground_truth.h"
#include "sim/random.h"
#include "sim/trace.h"
#include "sim/witness.h"

namespace bsub::sim {

struct Model {
  Model(const FaultSimSettings& s, TimePoint start)
      : settings(s), random(s.seed), events(start), trace(events, s.verbose, s.keep_lines), truth(witness) {}

  const FaultSimSettings settings;
  Random random;
  EventQueue events;
  Trace trace;
  Witness witness;
  GroundTruth truth;
  Weather weather;
  Tally tally;
  bool faults = true;  // off while the rest of the work is run to its end

  bool Mutated(Mutation m) const { return settings.mutation == m; }
  // Only while faults are on.
  bool Strikes(std::uint32_t permille) { return faults && permille > 0 && random.Chance(permille); }
};

}  // namespace bsub::sim
