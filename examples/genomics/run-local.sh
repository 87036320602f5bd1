#!/bin/bash
# Runs the pipeline's steps one after the other, without a scheduler. Steps that are done already are passed over, so
# after a kill it goes on where it was. Settings are the steps' own: GENOMICS_WORK, GENOMICS_CHUNKS, GENOMICS_SEED.
#
#   run-local.sh [WORK]
set -euo pipefail

steps=$(cd "$(dirname "$0")" && pwd)/steps
export GENOMICS_WORK=${1:-${GENOMICS_WORK:-genomics-work}}
chunks=${GENOMICS_CHUNKS:-8}

each() { # LAST STEP: the children of an array step
  local i
  for ((i = 1; i <= $1; i++)); do
    BSUB_ARRAY_INDEX=$i "$steps/$2.sh"
  done
}

"$steps/reference.sh"
"$steps/index.sh"
each "$chunks" reads
each "$chunks" align
each 4 split
each 4 call
each 4 filter
"$steps/merge.sh"
"$steps/check.sh"
