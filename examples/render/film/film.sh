#!/bin/bash
# Puts the pictures together to FILM_WORK/film.mp4. The same pictures give the same bytes.
set -euo pipefail

work=${FILM_WORK:-film-work}
command -v ffmpeg >/dev/null || { echo "film: ffmpeg not found: install the Debian package ffmpeg (apt install ffmpeg)" >&2; exit 1; }
for ((i = 1; i <= ${FILM_FRAMES:-24}; i++)); do
  picture=$work/frames/$(printf %04d "$i").png
  [[ -f $picture ]] || { echo "film: $picture is missing" >&2; exit 1; }
done
ffmpeg -nostdin -loglevel warning -y -framerate 24 -start_number 1 -i "$work/frames/%04d.png" -frames:v "${FILM_FRAMES:-24}" \
  -c:v libx264 -threads 1 -pix_fmt yuv420p -fflags +bitexact -flags:v +bitexact -map_metadata -1 "$work/film.tmp.mp4"
mv "$work/film.tmp.mp4" "$work/film.mp4"
echo "film: $work/film.mp4 done"
