#!/bin/bash
# Every C and C++ file is as .clang-format has it; those that are not are named.
set -euo pipefail
cd "$1"
type clang-format-14 >/dev/null 2>&1 || { echo "clang-format-14 is not installed"; exit 77; }

mapfile -t folders < <(printf '%s\n' */ | grep -v -x -e build/)
mapfile -t files < <(find "${folders[@]}" -type f \( -name '*.h' -o -name '*.cc' -o -name '*.c' -o -name '*.hpp' \) | sort)
[ ${#files[@]} -gt 1000 ] || { echo "only ${#files[@]} files were found below $1"; exit 1; }
wrong=$(printf '%s\n' "${files[@]}" | xargs -n 100 clang-format-14 --dry-run 2>&1 |
  sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: warning: code should be clang-formatted.*/\1/p' | sort -u)
[ -z "$wrong" ] || { printf '%s\n' "not formatted; clang-format-14 -i each of them:" "$wrong"; exit 1; }
