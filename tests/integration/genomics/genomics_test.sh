#!/bin/bash
# The genomics example without a scheduler: an undisturbed run, beside one that is killed with SIGKILL in the midst of
# four of its steps and started again each time, must end in the same bytes and pass the example's own check; and that
# check must fail when calls are missing. Exits 77 (skipped) if a tool is absent. Needs two processors, about 40 s.
set -euo pipefail

example=$(cd "$(dirname "$0")/../../../examples/genomics" && pwd)
for tool in bwa samtools bcftools python3; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
unset GENOMICS_WORK GENOMICS_CHUNKS GENOMICS_SEED BSUB_ARRAY_INDEX BSUB_CPUS

set -m # background jobs get process groups of their own, so that a kill takes a step's children along
dir=$(mktemp -d)
groups=()
finish() {
  local group
  for group in "${groups[@]}"; do
    kill -KILL -- "-$group" 2>/dev/null || true
  done
  rm -rf "$dir"
}
trap finish EXIT

fail() {
  echo "FAILED: $*"
  tail -n 5 "$dir"/*.log
  exit 1
}

run() { # WORK: starts the pipeline in the background, its output in WORK.log
  "$example/run-local.sh" "$dir/$1" >>"$dir/$1.log" 2>&1 &
  pid=$!
  groups+=("$pid")
}

kill_within() { # RESULT FILE: runs until the step that makes RESULT has begun to write FILE, and kills it there
  run disturbed
  until compgen -G "$dir/disturbed/$1.tmp.*/$2" >/dev/null; do
    kill -0 "$pid" 2>/dev/null || fail "the pipeline ended before $1 was seen at work"
    sleep 0.02
  done
  kill -KILL -- "-$pid"
  wait "$pid" 2>/dev/null || true
  [[ ! -e $dir/disturbed/$1 ]] || fail "$1 was complete before the kill"
  echo "killed within $1"
}

diff <(cd "$example" && grep -oh 'steps/[a-z]*\.sh' pipeline.yaml call-genome.sh | sort) \
  <(cd "$example" && find steps -name '*.sh' -perm -u+x | sort) || fail "pipeline.yaml, call-genome.sh and steps/ differ"

run undisturbed
undisturbed=$pid
kill_within reads/5 reads_1.fastq
kill_within align/3 bwa.log
kill_within split/2 A.bam
kill_within call/4 raw.bcf
run disturbed
wait "$pid" || fail "the disturbed run did not end well"
wait "$undisturbed" || fail "the undisturbed run did not end well"
tail -n 3 "$dir/disturbed.log"

for file in merge/calls.vcf.gz check/report.json; do
  cmp "$dir/undisturbed/$file" "$dir/disturbed/$file" || fail "$file differs between the runs"
done
if compgen -G "$dir/disturbed/*.tmp.*" || compgen -G "$dir/disturbed/*/*.tmp.*"; then
  fail "leftovers of killed steps"
fi
# Calling the whole genome in one job: told to leave within the third chromosome, it exits with 85; started again it calls
# only what is missing, and makes the same bytes.
GENOMICS_WORK=$dir/undisturbed
export GENOMICS_WORK
mv "$dir/undisturbed/call" "$dir/call-before"
"$example/call-genome.sh" >>"$dir/genome.log" 2>&1 &
pid=$!
groups+=("$pid")
until [[ -d $dir/undisturbed/call/2 ]] && compgen -G "$dir/undisturbed/call/3.tmp.*/raw.bcf" >/dev/null; do
  kill -0 "$pid" 2>/dev/null || fail "calling ended before chromosome 3 was seen at work"
  sleep 0.02
done
kill -USR1 "$pid"
code=0
wait "$pid" || code=$?
[[ $code == 85 ]] || fail "call-genome.sh ended with $code, not 85, after SIGUSR1"
grep -q 'told to leave at chromosome 3' "$dir/genome.log" || fail "it does not say where it left"
called=$(stat -c %Y.%i "$dir"/undisturbed/call/[12]/raw.bcf)
"$example/call-genome.sh" >>"$dir/genome.log" 2>&1 || fail "call-genome.sh did not go on"
[[ $(stat -c %Y.%i "$dir"/undisturbed/call/[12]/raw.bcf) == "$called" ]] || fail "a finished chromosome was called again"
for chromosome in 1 2 3 4; do
  cmp "$dir/undisturbed/call/$chromosome/raw.bcf" "$dir/call-before/$chromosome/raw.bcf" || fail "the calls differ"
done
unset GENOMICS_WORK

expected=8e7d18146a8788d40f5f3fa5aee12f0d5524c63cea0cd4967807cf4fda47f868
made=$(cd "$dir/undisturbed" && cat reference/{genome.fa,truth.vcf} reads/*/*.fastq | sha256sum)
[[ $made == "$expected  -" ]] || fail "seed 1 made other data than on other machines: $made"

mkdir -p "$dir/worse/merge"
ln -s "$dir/undisturbed"/{index,reference} "$dir/worse/"
bcftools view -t ^chr4 -Oz -o "$dir/worse/merge/calls.vcf.gz" "$dir/undisturbed/merge/calls.vcf.gz"
if GENOMICS_WORK=$dir/worse "$example/steps/check.sh" >"$dir/worse.log"; then
  fail "the check passed without the calls of chr4"
fi
grep -q 'snp recall .* is below the limit' "$dir/worse.log" || fail "the check does not say what is too low"
echo "passed"
