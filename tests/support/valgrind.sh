#!/usr/bin/env bash
# The worker under valgrind: training alone, and the tests that see most of its memory.
# usage: valgrind.sh BUILD_FOLDER
#
# SWEEPD_VALGRIND keeps OPENBLAS_CORETYPE out of the worker's environment: valgrind knows no AVX-512,
# and OpenBLAS must choose its kernels from the processor that valgrind shows. What is possibly
# lost is not counted: the threads OpenBLAS starts before main() are.
set -uo pipefail
build=$PWD/$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
export SWEEPD_VALGRIND=1
unset OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS OMP_NUM_THREADS SWEEPD_NUMERIC
status=0

watched() {
    valgrind --quiet --trace-children=yes --error-exitcode=9 --leak-check=full \
        --errors-for-leak-kinds=definite "$@" >out 2>&1
    local code=$?
    if [ $code = 0 ]; then
        echo "clean: ${*##*/}"
    else
        echo "exit $code: $*"
        grep -aE '^==|FAILED|ERROR' out | head -60
        status=1
    fi
}

cat >problem.json <<'EOF'
{"problem": {"type": "quadratic", "eigenvalues": [1, 4], "start": [1, -2], "noise": 0.1},
 "optimizer": {"type": "momentum", "lr": 0.1}, "steps": 50}
EOF
cat >mlp.json <<'EOF'
{"dataset": "gaussians", "model": {"type": "mlp", "hidden": [8, 8], "dropout": 0.2},
 "optimizer": {"type": "adam", "lr": 0.01}, "schedule": {"type": "cosine", "warmup": 0.1},
 "clip_norm": 1, "batch_size": 32, "steps": 30, "report_every_steps": 5}
EOF
watched "$build/sweepd-worker" --train problem.json --weights --folder problem
watched "$build/sweepd-worker" --train mlp.json --weights --folder mlp
for test in test_model test_checkpoint trainer/test_trainer datasets/test_npy datasets/test_batches \
    layers/test_layers losses/test_losses math/test_blas; do
    watched "$build/tests/worker/$test"
done
exit $status
