#!/bin/bash
# Goes on where it was interrupted, with nothing but the shell:
#   bsub-lite submit --checkpoint-dir DIR --checkpoint-signal USR1 --grace 60s -- examples/checkpoint/six-line.sh [COUNT_TO]
state=${BSUB_CHECKPOINT_DIR:?submit it with --checkpoint-dir}/count && mkdir -p "$BSUB_CHECKPOINT_DIR"
i=$(cat "$state" 2>/dev/null || echo 0)
trap 'interrupted=1' USR1
while [ "$i" -lt "${1:-600}" ] && [ -z "${interrupted:-}" ]; do sleep 0.1; i=$((i + 1)); done
echo "$i" > "$state.new" && sync "$state.new" && mv "$state.new" "$state" && sync "$BSUB_CHECKPOINT_DIR" && echo "counted to $i" || exit 1
[ -z "${interrupted:-}" ] || exit 85
