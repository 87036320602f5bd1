#!/bin/bash
# For a program that is left as it is: one that writes restart files of its own, goes on from those that it finds, and on TERM
# writes them a last time and ends (GROMACS' `gmx mdrun -cpi state.cpt` is one). It runs in the job's checkpoint directory:
#   bsub-lite submit --checkpoint-dir DIR --checkpoint-signal USR1 --grace 60s -- examples/checkpoint/own-restart-files.sh PROGRAM [ARGUMENT...]
cd "${BSUB_CHECKPOINT_DIR:?submit it with --checkpoint-dir}" || exit 1
"$@" &
program=$!
trap 'noticed=1; kill -TERM "$program"' USR1
wait "$program"; code=$?                                       # the signal of a notice ends this wait,
[ -z "${noticed:-}" ] || { wait "$program"; code=$?; }         # and this one is for the program
[ -z "${noticed:-}" ] || [ "$code" = 0 ] || [ "$code" = 143 ] || exit "$code"  # it failed: it has written nothing to go on from
[ -z "${noticed:-}" ] || exit 85
exit "$code"
