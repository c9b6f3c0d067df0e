#!/bin/sh
# A trainer of one's own in a search of sweepd, with curl and jq: ask_tell.sh http://127.0.0.1:8080 JOB
set -eu
base=$1/api/v1 job=$2

post() { curl --fail-with-body --silent --show-error --retry 9 --retry-connrefused "$base$1" --json "$2"; }

while asked=$(post "/jobs/$job/ask" '{"lease_s": 5, "worker": "shell"}') &&
      echo "$asked" | jq --exit-status '(.runs | length) + .job.left + .job.running > 0' >/dev/null; do
    run=$(echo "$asked" | jq '.runs[0].id // empty')
    if [ -z "$run" ]; then # others have them: one may come back
        sleep 0.2
        continue
    fi
    loss=$(echo "$asked" | jq '.runs[0].parameters | (.x - 0.3) * (.x - 0.3) + (.y - 0.7) * (.y - 0.7) + 0.1')
    post "/runs/$run/tell" "{\"state\": \"succeeded\", \"values\": [$loss]}" | jq --raw-output '"\(.id) \(.state)"'
done
