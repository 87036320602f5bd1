#!/bin/bash
# Runs the pipeline on a cluster of at least two nodes and takes away on the way, one after the other: the scheduler, a
# node at once, and with a notice the node that calls variants. Then shows what each cost, and checks that no chromosome
# was called twice. Exit code 0 only if that and the pipeline's own check hold.
#
#   examples/genomics/interrupted.sh WORK      # WORK is removed first; bsub-lite is in PATH, the cluster is up and idle
set -euo pipefail

work=${1:?which directory is to hold the results?}
here=$(cd "$(dirname "$0")" && pwd)
chromosomes=4

heading() { printf '\n-- %s\n' "$*"; }
die() { printf '\nFAILED: %s\n' "$*"; exit 1; }
shown() { printf '   $ %s\n' "$*"; "$@" | sed 's/^/     /'; }

jobs_of() { # STEP JQ [OPTION...]: JQ of this run's jobs of the step, as a list
  local step=$1 query=$2
  shift 2
  bsub-lite jobs --all --json --name "genomics.$step" "$@" 2>/dev/null | jq -r "map(select(.id > $before)) | $query"
}
until_true() { # WHAT COMMAND...: waits for it, as long as the pipeline goes on
  local what=$1
  shift
  until "$@" 2>/dev/null; do
    kill -0 "$run" 2>/dev/null || die "the pipeline ended before $what"
    sleep 0.05
  done
}

rm -rf "$work"
before=$(bsub-lite jobs --all --json | jq 'map(.id) | max // 0') # the newest job of before
(bsub-lite run --fresh --set "work=$work" "$here/pipeline.yaml" 2>&1 | sed -u 's/^/   /') &
run=$!
trap 'kill "$run" 2>/dev/null || true' EXIT

# 1. The scheduler, while reads are made. The cluster's supervisor starts it again.
reads_run() { [[ $(jobs_of reads 'map(select(.state == "RUNNING")) | length' --children) -ge 1 ]]; }
until_true "its reads were made" reads_run
scheduler=$(bsub-lite status --json | jq -r .schedulerPid)
heading "the scheduler is killed while reads are made: what runs goes on, nothing is forgotten"
printf '   $ kill -9 %s\n' "$scheduler"
kill -9 "$scheduler"

# 2. A node at once, as if it lost power.
align_node() { jobs_of align 'map(select(.state == "RUNNING" and .node != null)) | .[0].node // empty' --children; }
aligns() { lost=$(align_node) && [[ -n $lost ]]; }
until_true "its reads were aligned" aligns
heading "$lost loses power while it aligns reads: what it ran starts again"
shown bsub-lite drill kill --node "$lost"

# 3. A node with a notice, while it calls the variants of the third chromosome.
until_true "two chromosomes were called" test -d "$work/call/2"
call=$(jobs_of call '.[0].id')
noticed=$(jobs_of call '.[0].node')
heading "$noticed is to be taken away in 30 s, while it calls chromosome 3: job $call moves"
shown bsub-lite drill notice --node "$noticed" --in 30s

code=0
wait "$run" || code=$?
trap - EXIT
((code == 0)) || die "the pipeline ended with exit code $code"
bsub-lite resume "$noticed" >/dev/null # it was only said to go

heading "what the interruptions cost"
jobs_of '*' '
  def at: capture("(?<whole>.*)(?<rest>\\.\\d+)Z$") | (.whole + "Z" | fromdate) + (.rest | tonumber);
  def seconds: . * 1000 | round / 1000 | "\(.) s";
  .[] | "\(.name | ltrimstr("genomics.")) (job \(.displayId))" as $task | .interruptions[] |
  (.noticeAt // .requeuedAt | at) as $began |
  "   \($task) on \(.node): " +
  (if .noticeAt then "left \((.requeuedAt | at) - $began | seconds) after the notice" else "was lost with its node" end) +
  ", ran again on \(.resumedOn) \((.resumedAt | at) - $began | seconds) after " + (if .noticeAt then "it" else "that was known" end) +
  (if .outcome == "saved" then ", nothing it had saved is lost" else ", \(.lostWorkSeconds | seconds) of work are lost" end)' --children

heading "which chromosomes were called by which attempt of job $call"
bsub-lite logs "$call" --all-attempts 2>&1 | sed 's/^/   /'
for ((chromosome = 1; chromosome <= chromosomes; chromosome++)); do
  times=$(bsub-lite logs "$call" --all-attempts 2>/dev/null | grep -c "^call: call/$chromosome done$" || true)
  ((times == 1)) || die "chromosome $chromosome was called $times times"
done
echo "   so each of the $chromosomes chromosomes was called once: nothing that was saved was computed again"

heading "the calls beside the truth (simulated reads, so the right answer is known)"
bsub-lite logs "$(jobs_of check '.[0].id')" | sed 's/^/   /'
jq -e .pass "$work/check/report.json" >/dev/null || die "the calls are not good enough"
printf '\n   Passed. The calls: %s\n' "$work/merge/calls.vcf.gz"
