#!/usr/bin/env bash
# Who may use whom, as data; every #include is held against it.
set -euo pipefail
cd "$(dirname "$0")/../.."

# folder: the folders it may include from, besides its own and include/
rules='
server/loop:
server/http: loop
server/events: loop
server/theory:
server/jobs: theory
server/queue: jobs
server/search: jobs compare
server/search/numbers:
server/search/fronts: jobs/space.h search/search.h search/standing.h search/numbers
server/search/tpe: jobs/space.h compare/distributions.h search/search.h search/standing.h search/numbers search/fronts
server/search/cma: jobs/space.h compare/distributions.h search/search.h search/standing.h search/numbers
server/search/gp: jobs/space.h compare/distributions.h search/search.h search/numbers search/fronts
server/insight: jobs search compare
server/prune: jobs
server/compare: jobs theory
server/store: jobs loop
server/auth: store
server/workers: loop jobs queue search prune compare store events
server/api: loop http auth events theory jobs queue search prune insight compare store workers config.h
worker/math:
common/schedules:
worker/optimizers: math landscape.h metrics.h
worker/dynamics: math optimizers
worker/layers: math
worker/losses: math
worker/datasets:
worker/objectives: math layers losses datasets model.h landscape.h metrics.h
'
# library header: the one folder that may include it
doorways='
microhttpd.h server/http
sqlite3.h server/store
cblas.h worker/math
openblas_config.h worker/math
nettle/sha2.h common
nettle/hmac.h server/auth
nettle/memops.h server/auth
'
bad=0
# include, and the folders and headers it may come from
is_allowed() {
    local include=$1 from
    shift
    for from in "$@"; do
        case $include in "$from" | "$from"/*) return 0 ;; esac
    done
    return 1
}
complain() { echo "$1" >&2; bad=1; }

while IFS=: read -r folder allowed; do
    [ -n "$folder" ] && [ -d "$folder" ] || continue
    side=${folder%%/*} own=${folder#*/}
    while IFS=: read -r file include; do
        [ -n "$file" ] || continue
        is_allowed "$include" $own $allowed && continue
        [ -e "include/$include" ] && continue
        complain "$file includes \"$include\": $folder may use include/, $own${allowed:+,$allowed}"
    done < <(git ls-files "$folder/*.c" "$folder/*.h" | xargs -r grep -HoP '^#include "\K[^"]+' || true)
done <<<"$rules"

while read -r header folder; do
    [ -n "$header" ] || continue
    while read -r file; do
        case $file in "$folder"/* | tests/*) ;; *) complain "$file includes <$header>: only $folder may" ;; esac
    done < <(git grep -l "#include <$header>" -- '*.c' '*.h' || true)
done <<<"$doorways"

git grep -nE '#include "(worker|server)/' -- server worker common include && complain "includes name the folder within their side" || true
[ $bad = 0 ] && echo "layers: every include is allowed"
exit $bad
