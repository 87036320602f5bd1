#!/bin/bash
# Array step, one child per picture: renders it to FILM_WORK/frames/NNNN.png; one that is there already is not made again.
# RENDER names the program; default: of the release build, else of the everyday one, else what PATH finds.
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
index=${BSUB_ARRAY_INDEX:?is the number of the picture, from 1}
render=${RENDER:-}
for built in "$root"/build/{release,dev}/bin/render; do
  [[ -n $render || ! -x $built ]] || render=$built
done
frames=${FILM_WORK:-film-work}/frames
picture=$frames/$(printf %04d "$index").png
mkdir -p "$frames"
if [[ -f $picture ]]; then
  echo "frame: $picture is already there"
  exit 0
fi
"${render:-render}" --frame $((index - 1)) --frames "${FILM_FRAMES:-24}" --width "${FILM_WIDTH:-320}" \
  --height "${FILM_HEIGHT:-180}" --samples "${FILM_SAMPLES:-16}" --threads "${BSUB_CPUS:-1}" -o "$picture"
