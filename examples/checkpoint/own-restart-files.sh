#!/bin/bash
# For a program that is left as it is: one that writes restart files of its own, goes on from those that it finds, and on TERM
# writes them a last time and ends with 0 (GROMACS' `gmx mdrun -cpi state.cpt` is one). It runs in the job's checkpoint directory:
#   bsub-lite submit --checkpoint-dir DIR --checkpoint-signal USR1 --grace 60s -- examples/checkpoint/own-restart-files.sh PROGRAM [ARGUMENT...]
cd "${BSUB_CHECKPOINT_DIR:?submit it with --checkpoint-dir}" || exit 1
trap 'noticed=1; [ -z "${program:-}" ] || kill -TERM "$program"' USR1
"$@" &
program=$!
[ -z "${noticed:-}" ] || kill -TERM "$program"  # the notice came before it had begun
wait "$program"; code=$?
[ -z "${noticed:-}" ] || { wait "$program"; code=$?; }  # the signal ended the first wait
[ -z "${noticed:-}" ] || [ "$code" != 0 ] || exit 85    # anything but 0: nothing was saved, and the job is told so
exit "$code"
