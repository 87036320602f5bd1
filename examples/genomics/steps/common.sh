# shellcheck shell=bash disable=SC2034
# Sourced by each step; not run by itself. Moves to the work directory and defines:
#   need TOOL...        stop with one line unless these Debian packages' programs of the same name are there
#   array_index MAX     print BSUB_ARRAY_INDEX, or stop unless it is a number from 1 to MAX
#   begin RESULT        end the step if directory RESULT exists; else make an empty directory beside it, named by $out
#   logged TOOL...      run it with its messages kept in $out/TOOL.log, and shown only if it fails
#   commit              write $out to disk and rename it to RESULT
# A result therefore exists whole or not at all, and a step that was killed starts again from its inputs.
# Settings come from the environment: GENOMICS_WORK, GENOMICS_CHUNKS, GENOMICS_SEED, BSUB_CPUS.
set -euo pipefail

step=$(basename "$0" .sh)
here=$(cd "$(dirname "$0")/.." && pwd)
chunks=${GENOMICS_CHUNKS:-8}
seed=${GENOMICS_SEED:-1}
cpus=${BSUB_CPUS:-1}
chromosomes=4

die() {
  echo "$step: $*" >&2
  exit 1
}

need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || die "$tool not found: install the Debian package $tool (apt install $tool)"
  done
}

array_index() {
  local index=${BSUB_ARRAY_INDEX:-}
  if [[ ! $index =~ ^[1-9][0-9]{0,5}$ ]] || ((index > $1)); then
    die "BSUB_ARRAY_INDEX is '$index', expected a number from 1 to $1"
  fi
  echo "$index"
}

begin() {
  result=$1
  if [[ -d $result ]]; then
    echo "$step: $result is already there"
    exit 0
  fi
  rm -rf "$result".tmp.* || true # left by an attempt that was killed, perhaps with a child still writing
  out=$result.tmp.$$
  mkdir -p "$(dirname "$result")"
  mkdir "$out"
}

logged() {
  local log=$out/$1.log status=0
  "$@" 2>"$log" || status=$?
  if ((status)); then
    cat "$log" >&2
  fi
  return "$status"
}

commit() {
  find "$out" -exec sync {} +
  mv -T "$out" "$result" || [[ -d $result ]]
  sync "$(dirname "$result")"
  echo "$step: $result done"
}

if [[ ! $chunks =~ ^[1-9][0-9]{0,3}$ ]] || ((chunks < 2)); then
  die "GENOMICS_CHUNKS is '$chunks', expected a number from 2 to 9999"
fi
[[ $seed =~ ^[0-9]{1,9}$ ]] || die "GENOMICS_SEED is '$seed', expected a number from 0 to 999999999"
work=${GENOMICS_WORK:-genomics-work}
mkdir -p "$work"
cd "$work" # all names below are relative to it, so that no output depends on where it lies

settings="seed $seed, $chunks chunks"
if [[ -f reference/settings && $(<reference/settings) != "$settings" ]]; then
  die "$PWD was made with $(<reference/settings), not $settings: remove it or set another GENOMICS_WORK"
fi
