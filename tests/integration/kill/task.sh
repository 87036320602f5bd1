#!/bin/sh
# One job of the kill test: task.sh LEDGERS KEY SECONDS
#
# Writes to the ledger LEDGERS/KEY, one line with one write each:
#   start PID        it runs
#   double PID PID   ... while an earlier attempt still lives: must never be
#   done PID         its work is complete; the next thing it does is exit 0
# LEDGERS/KEY.live names the newest attempt by pid and start time.
ledger=$1/$2
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

claim=$ledger.claim.$$
echo "$$ $(started $$)" >"$claim"
until ln "$claim" "$ledger.live" 2>/dev/null; do
  read -r other when <"$ledger.live" || continue
  state=$(sed 's/.*) //' "/proc/$other/stat" 2>/dev/null | cut -d' ' -f1)
  if [ "$(started "$other")" = "$when" ] && [ "$state" != Z ]; then
    echo "double $$ $other" >>"$ledger"
  fi
  mv "$claim" "$ledger.live" && break
done
rm -f "$claim"
echo "start $$" >>"$ledger"
sleep "$3"
echo "done $$" >>"$ledger"
