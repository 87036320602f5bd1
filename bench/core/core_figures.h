// What the core costs in time and memory as work grows. Each figure is a line of JSON.
#pragma once

namespace bsub::bench {

struct Sizes {
  int waiting = 1'000'000;
  int nodes = 8;
  int shapes = 1'000;
};

void ArrayFigure(const Sizes&);    // a million children are submitted at once
void NToNFigure(const Sizes&);     // child i of a second array of a million waits for child i of the first
void WaitingFigure(const Sizes&);  // many distinct jobs wait: their memory, further submits, dispatches
// Jobs of many shapes fill the nodes; then a few tasks end, a few jobs come, and one cycle places some, again
// and again.
void CycleFigure(const Sizes&);
void CancelFigure(const Sizes&);  // of all that wait, in one call

}  // namespace bsub::bench
