#!/usr/bin/env bash
# Searches the model as it stands, then once more with each guard left out: the first must hold, the others must not.
# QUICK=1 searches the small sizes only (under a minute on two cores). Needs spin and a C compiler.
set -u
model=$(cd "$(dirname "$0")" && pwd)/job-life.pml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for program in spin cc; do
  command -v "$program" >/dev/null || { echo "Expected \`$program\` to be installed, found none. On Debian: apt-get install spin gcc"; exit 2; }
done

# search FLAGS...: 0 it holds, 1 a counter-example was found, 2 the search did not end.
search() {
  rm -rf "${folder:?}"/*
  (cd "$folder" && spin "$@" -a "$model" && cc "${optimise:--O2}" -w -DSAFETY -DHC4 -DMEMLIM=12000 -o pan pan.c && timeout 1200 ./pan -m100000 -w26) >"$folder/out" 2>&1
  grep -q 'errors: 1' "$folder/out" && return 1
  grep -q 'errors: 0' "$folder/out" && ! grep -qE 'not completed|too small|out of memory' "$folder/out" && return 0
  tail -5 "$folder/out"
  return 2
}
states() { grep -oE '[0-9.e+]+ states, stored' "$folder/out" | head -1; }

one_identity='-DRESETS=0'
with_reset='-DRESETS=1 -DSWEEPS=1'
two_submits='-DSUBMITS=2 -DWISHES=0'
taken_over='-DIDENTITIES=2 -DWISHES=0 -DSWEEPS=1'
sizes=("$one_identity" "$with_reset" "$two_submits" "$taken_over")
[ -n "${QUICK:-}" ] || sizes+=('-DSUBMITS=2' '-DRESETS=1 -DSWEEPS=2' '-DRESETS=2 -DSWEEPS=1 -DWISHES=0' '-DIDENTITIES=2 -DSWEEPS=2'
  '-DIDENTITIES=2 -DWISHES=0 -DSWEEPS=1 -DRESETS=1' '-DWORKERS=3')

failed=0
for size in "${sizes[@]}"; do
  # shellcheck disable=SC2086
  if search $size; then echo "holds: $size ($(states))"; else echo "DOES NOT HOLD: $size"; failed=1; fi
done

# Counter-examples stand within a second: there the compiler's time matters more.
optimise=-O0
without() { # without GUARD SIZE
  # shellcheck disable=SC2086
  search "-D$1" $2
  if [ $? = 1 ]; then echo "without the guard, $1: counter-example"; else echo "NOT NOTICED: $1 ($(states))"; failed=1; fi
}
without TOKEN_REUSED "$one_identity"
without RECORD_BEFORE_LEDGER "$one_identity"
without SUBMIT_IGNORES_EPOCH "$with_reset"
without COMMIT_IGNORES_EPOCH "$with_reset"
without PURGE_WHATEVER_IS_THERE "$two_submits"
without EXPIRY_DELETES_WHOLE_FOLDER "$two_submits"
without COMMIT_BEFORE_FILES "$one_identity"
without EPOCH_AFTER_COLLECTING "$with_reset"
without COLLECT_ANY_RECORD "$with_reset"
without COLLECT_ANY_FOLDER "$with_reset"
without ANY_POINTER_CLAIMS "$one_identity"
without CANCEL_FORGOTTEN "$one_identity"
without FAILED_DROPS_INPUT "$one_identity"
without LINK_UNCHECKED "$taken_over"
exit $failed
