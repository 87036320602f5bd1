// How long to compute between saves. Saving too often costs the saves, too seldom the work that an
// interruption takes.
//
// The first to say it was J. W. Young, "A first order approximation to the optimum checkpoint interval",
// Communications of the ACM 17 (1974): sqrt(2 * cost * mean). J. T. Daly, "A higher order estimate of the
// optimum checkpoint interval for restart dumps", Future Generation Computer Systems 22 (2006), gives the
// model without that approximation and a series for its optimum; here the optimum is solved for, so that it
// holds where saves are not cheap too.
#pragma once

namespace bsub::ckpt {

// Seconds of computing between the end of a save and the beginning of the next, for a save that holds the
// program for `cost` seconds and interruptions that come at random every `mean_between` seconds on average.
// Both above 0.
double BestInterval(double cost, double mean_between);

}  // namespace bsub::ckpt
