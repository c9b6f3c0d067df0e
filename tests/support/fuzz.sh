#!/usr/bin/env bash
# Builds every tests/fuzz/fuzz_NAME.c with libFuzzer, ASan and UBSan and runs it for the seconds given.
# The first line of a target names its side: /* side: worker|server|common */
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
only=${2:-}
flags="-std=c17 -O1 -g -D_GNU_SOURCE -ffp-contract=off -Iinclude -Itests -pthread -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
status=0
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c) name=${name#fuzz_}
    [ -z "$only" ] || [ "$only" = "$name" ] || continue
    side=$(sed -n '1s/.*side: *\([a-z]*\).*/\1/p' "$target")
    out=build/fuzz
    case $side in
    worker) sources=$(ls worker/*.c worker/*/*.c | grep -v '^worker/main.c') libs="-lopenblas -ljansson -lnettle -lz -lm" include=-Iworker ;;
    server) sources=$(ls server/*.c server/*/*.c | grep -vE '^server/(main|demo|progress)\.c|^server/api/') libs="-lmicrohttpd -lsqlite3 -ljansson -lnettle -lz -lm" include=-Iserver ;;
    *) sources= libs="-ljansson -lnettle -lz -lm" include= ;;
    esac
    mkdir -p "$out/$side"
    for source in $sources common/*.c; do
        object=$out/$side/${source//\//_}.o
        [ "$object" -nt "$source" ] || clang $flags $include -c -o "$object" "$source" &
        while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
    done
    wait
    rm -f "$out/$side.a"
    ar rcs "$out/$side.a" "$out/$side"/*.o
    clang $flags $include -fsanitize=fuzzer,address,undefined -o "$out/fuzz_$name" "$target" "$out/$side.a" $libs
    corpus=$out/corpus/$name
    mkdir -p "$corpus" "tests/fuzz/corpus/$name"
    echo "== $name, $seconds s"
    if "$out/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$out/$name-" "$corpus" "tests/fuzz/corpus/$name" >"$out/$name.log" 2>&1; then
        grep -E 'number_of_executed_units|average_exec' "$out/$name.log"
    else
        tail -40 "$out/$name.log"
        status=1
    fi
done
exit $status
