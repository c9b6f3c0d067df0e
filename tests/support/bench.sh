#!/usr/bin/env bash
# Runs every benchmark one after the other; each prints a table. usage: bench.sh BUILD_FOLDER
set -uo pipefail
build=$1
export SWEEPD_PROGRAM=$PWD/$build/sweepd SWEEPD_WORKER=$PWD/$build/sweepd-worker
export SWEEPD_TEST_DATA=${SWEEPD_TEST_DATA:-$PWD/../shared/data}
core=Haswell
grep -qw avx512vl /proc/cpuinfo && grep -qw avx512bw /proc/cpuinfo && core=SkylakeX
status=0
echo "$(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), kernels $core"
for bench in "$build"/tests/bench/bench_worker* "$build"/tests/bench/bench_server* "$build"/tests/bench/bench_service*; do
    case $bench in *.o | *.d) continue ;; esac
    [ -x "$bench" ] || continue
    printf '\n== %s\n' "${bench##*/}"
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 OPENBLAS_CORETYPE=$core "$bench" 2>/tmp/bench.$$ || { tail -5 /tmp/bench.$$; status=1; }
    case $bench in */bench_server_suggest) /usr/bin/python3 tests/bench/optuna_suggest.py ;; esac
done
printf '\n== quality_search, in short (the whole of it: make bench-search)\n'
"$build"/tests/bench/quality_search seeds=5 algorithms=auto optuna=tests/bench/optuna_search.py \
    library="$build"/tests/bench/objectives.so || status=1
rm -f /tmp/bench.$$
exit $status
