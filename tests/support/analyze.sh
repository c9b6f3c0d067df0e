#!/usr/bin/env bash
# gcc -fanalyzer, cppcheck and clang-tidy over both programs; any finding fails.
set -uo pipefail
cd "$(dirname "$0")/../.."
status=0
include_of() { case $1 in server/*) echo -Iserver ;; worker/*) echo -Iworker ;; esac; }
sources=$(git ls-files 'common/*.c' 'server/*.c' 'worker/*.c')

echo "== gcc -fanalyzer"
for source in $sources; do
    # shellcheck disable=SC2046
    gcc -std=c17 -D_GNU_SOURCE -O1 -fanalyzer -Wall -Wextra -Werror -Iinclude $(include_of "$source") \
        -c -o /dev/null "$source" || status=1
done
echo "== cppcheck"
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches -D_GNU_SOURCE \
    -Iinclude -Iserver -Iworker common server worker || status=1
echo "== clang-tidy"
for source in $sources; do
    # shellcheck disable=SC2046
    clang-tidy --quiet "$source" -- -std=c17 -D_GNU_SOURCE -Iinclude $(include_of "$source") 2>/dev/null || status=1
done
exit $status
