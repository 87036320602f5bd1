// bsub-lite-rank PROGRAM [ARGUMENT...]: see rank.h.
#include <cstdio>

#include "worker/step/rank.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("bsub-lite-rank: expected: bsub-lite-rank PROGRAM [ARGUMENT...]; mpirun calls it\n", stderr);
    return 2;
  }
  return bsub::step::RunRank({argv + 1, argv + argc});
}
