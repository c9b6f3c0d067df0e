#!/usr/bin/env bash
# Runs every test program given, prints what they say, ends non-zero if one failed.
# usage: run-tests.sh BUILD_FOLDER PROGRAM…
set -u
build=$1
shift
export SWEEPD_PROGRAM=$PWD/$build/sweepd SWEEPD_WORKER=${SWEEPD_WORKER:-$PWD/$build/sweepd-worker}
export SWEEPD_TEST_DATA=${SWEEPD_TEST_DATA:-$PWD/../shared/data}
unset OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS OMP_NUM_THREADS
export TSAN_OPTIONS=halt_on_error=1 # a race ends the program it is in, and its test with it
failed=()
started=$SECONDS
for program in "$@"; do
    before=$SECONDS
    printf '\n== %s\n' "${program#"$build"/tests/}"
    timeout 900 "$program" || failed+=("$program")
    printf -- '-- %d s\n' $((SECONDS - before))
done
printf '\n%d test programs, %d failed, %d s\n' $# ${#failed[@]} $((SECONDS - started))
for program in "${failed[@]:-}"; do
    [ -n "$program" ] && printf 'FAILED %s\n' "$program"
done
[ ${#failed[@]} -eq 0 ]
