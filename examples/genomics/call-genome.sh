#!/bin/bash
# The pipeline's call step: one job for all chromosomes, which goes on at the chromosome it had not finished:
#
#   bsub-lite submit --checkpoint-signal USR1 -- examples/genomics/call-genome.sh
#
# Its state is what it has made: a chromosome's calls are there whole or not at all (the steps' common.sh), and one that is
# there is passed over. So there is nothing to save when SIGUSR1 says that the node is to be taken away: it gives up the
# chromosome it is at and exits with 85, by which the job is started again elsewhere. Needs GENOMICS_WORK, as the steps.
set -euo pipefail
set -m # each chromosome gets a process group of its own, so that none of its programs is left behind

here=$(cd "$(dirname "$0")" && pwd)
called=

leave() {
  kill -KILL -- "-$called" 2>/dev/null || true
  wait "$called" 2>/dev/null || true
  echo "call-genome: told to leave at chromosome $chromosome"
  exit 85
}
trap leave USR1

for chromosome in 1 2 3 4; do
  BSUB_ARRAY_INDEX=$chromosome "$here/steps/call.sh" &
  called=$!
  wait "$called"
done
