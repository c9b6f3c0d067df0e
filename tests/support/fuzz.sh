#!/usr/bin/env bash
# Runs the fuzz targets of a build one after the other; prints how much each tried, or what it broke.
# usage: fuzz.sh BUILD_FOLDER SECONDS [NAME…]
#
# What a target finds interesting stays in BUILD_FOLDER/corpus/NAME, for the next time; what breaks
# it in BUILD_FOLDER/NAME-crash-…, to be made a test or a file of tests/fuzz/corpus/NAME.
set -uo pipefail
cd "$(dirname "$0")/../.."
build=$1
seconds=$2
shift 2
status=0
[ $# -gt 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's|.*/fuzz_\(.*\)\.c|\1|')
for name in "$@"; do
    mkdir -p "$build/corpus/$name"
    log=$build/$name.log
    if "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$build/$name-" \
        "$build/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        printf '%-10s clean: %s tries in %s s\n' "$name" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$seconds"
    else
        printf '%-10s BROKEN, %s ends:\n' "$name" "$log"
        tail -40 "$log"
        status=1
    fi
done
exit $status
