// Carries a drill out on a running cluster, and gathers what became of the jobs.
#pragma once

#include <string>
#include <vector>

#include "cli/client.h"
#include "cli/context.h"
#include "cli/drill_report.h"
#include "cli/interrupts.h"

namespace bsub::cli {

struct DrillOrder {
  std::vector<Strike> strikes;  // in order of time
  Duration length{};
  Duration settle = std::chrono::minutes(2);     // so long may nodes and jobs take to be back afterwards
  Duration node_look = std::chrono::seconds(1);  // see DrillFacts
  double on_demand_price = 0;
  double spot_price = 0;
};

// Until its end, or until Ctrl-C: then what was noticed is given back at once, and what was seen is reported.
// Progress goes to context.err. An error only if the cluster cannot be asked at all.
Result<DrillFacts> RunDrill(Context& context, Client& client, const DrillOrder& order,
                            const Interrupts& interrupts);

}  // namespace bsub::cli
