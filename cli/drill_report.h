// What a drill did and what became of the jobs: judged, as a table, as JSON and as a picture.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api/bsub/v1/scheduler.pb.h"
#include "cli/drill_strikes.h"
#include "cli/json.h"

namespace bsub::cli {

namespace api = ::bsub::v1;

struct DoneStrike {
  Strike strike;
  std::int64_t at_us = 0;  // since 1970
  std::string refused;     // why the scheduler would not; empty: done
};

struct DrillFacts {
  std::int64_t began_at_us = 0;
  std::int64_t ended_at_us = 0;
  std::vector<DoneStrike> strikes;
  std::vector<std::uint64_t> jobs_before;  // that were not over when it began
  std::vector<api::Job> jobs;  // all that were there during the drill, children of arrays one by one
  std::vector<std::string> silent_nodes;  // that did not come back
  std::map<std::string, std::int64_t> node_cpu_milli;
  // A node looks for saves as often, so what is known of them when it is lost may be as old.
  std::int64_t node_look_us = 1'000'000;
  double on_demand_price = 0;  // of a node for an hour; 0: not told
  double spot_price = 0;
};

struct DrillInterruption {
  std::string job;
  bool saves = false;  // its program takes part
  api::Interruption facts;
  // From the notice if it saved for that, else from its end, until it ran again; -1: it does not yet.
  std::int64_t pause_us = -1;
};

struct DrillReport {
  std::vector<DrillInterruption> interruptions;
  std::int64_t lost_work_us = 0;   // as far as it is known
  std::size_t unknown_losses = 0;  // interruptions of which it is not
  std::int64_t pause_us = 0;       // in all
  std::int64_t run_us = 0;         // of all attempts, within the drill
  // The same and the lost work in time of whole nodes: by an attempt's share of their CPUs.
  std::int64_t node_us = 0;
  std::int64_t lost_node_us = 0;
  std::vector<std::string> failures;  // why the verdict is bad; empty: it is good
  bool good() const { return failures.empty(); }
  // How much longer all took than undisturbed, as a share of that: lost work and pauses. Below 0: nothing
  // ran.
  double overhead() const;
};

// The verdict is bad if a job that was accepted is gone; if one that was interrupted does not run again, or
// has failed; if one that saves and had a notice lost work all the same; if one without a notice lost more
// than two of the intervals between saves that its owner gave it and the time by which a save may be known
// later than it is made; or if a node did not come back.
DrillReport Judge(const DrillFacts& facts);
std::string SecondsText(std::int64_t us);            // "2.500 s"
std::string LostText(const api::Interruption& one);  // the same, or that nobody knows

std::string RenderTable(const DrillFacts& facts, const DrillReport& report, int columns);
Json ToJson(const DrillFacts& facts, const DrillReport& report);
// An SVG: a band per node with what ran there, and each strike.
std::string DrawTimeline(const DrillFacts& facts, const DrillReport& report);

}  // namespace bsub::cli
