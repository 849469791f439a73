#!/bin/sh
# The main job from end to end, on an invented Danish company in a sandbox portal: real HTTP, a real database.
set -eu
cd "$(dirname "$0")/.."

bin=.venv/bin
work=${DEMO_WORK:-.demo}
rm -rf "$work"
mkdir -p "$work"

say() { printf '\n\033[1m── %s\033[0m\n' "$1"; }
run() { printf '\033[2m$ hubspot-retention %s\033[0m\n' "$*"; "$bin/hubspot-retention" "$@"; }

"$bin/hubspot-retention" sandbox serve --seed 1 --contacts 2000 --limits off >"$work/sandbox.out" 2>"$work/sandbox.err" &
sandbox=$!
trap 'kill $sandbox 2>/dev/null || true' EXIT INT TERM
tries=0
until grep -q '^TOKEN ' "$work/sandbox.out" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$sandbox" 2>/dev/null; then
        echo "the sandbox did not start:" >&2
        cat "$work/sandbox.err" >&2
        exit 1
    fi
    sleep 0.1
done

HUBSPOT_BASE_URL=$(sed -n 's/^URL //p' "$work/sandbox.out")
HUBSPOT_ACCESS_TOKEN=$(sed -n 's/^TOKEN //p' "$work/sandbox.out")
RETENTION_DATABASE_URL=sqlite:///$work/retention.db
RETENTION_ACTOR=demo
export HUBSPOT_BASE_URL HUBSPOT_ACCESS_TOKEN RETENTION_DATABASE_URL RETENTION_ACTOR

# The value of a key of the newest plan of a kind, from the JSON the command prints.
plan_value() {
    "$bin/hubspot-retention" plan list --json | "$bin/python" -c '
import json, sys
kind, key = sys.argv[1:]
print(next(plan[key] for plan in json.load(sys.stdin) if plan["kind"] == kind))' "$1" "$2"
}

# One record of a plan with a rule or an outcome.
record_of() {
    "$bin/hubspot-retention" plan show "$1" --json --all | "$bin/python" -c '
import json, sys
key, value = sys.argv[1:]
items = json.load(sys.stdin)["items"]
print(next(item["record"] for item in items if item[key] == value and item["record"].startswith("contacts/")))' "$2" "$3"
}

say "1. The policy: is it right? (hubspot-retention policy show tells it in plain English)"
run policy check

say "2. The portal: 2,000 invented contacts at $HUBSPOT_BASE_URL"
run portal check
say "   What HubSpot leaves undocumented is tried on records of our own making"
run portal probe --yes

say "3. A plan: everything is read and decided, nothing is written"
run plan new
rights=$(plan_value rights plan_id)
time_rules=$(plan_value time plan_id)

say "4. Review: a named person approves exactly this plan, by its digest"
run plan show "$rights"
run plan approve "$rights" --digest "$(plan_value rights digest)"
run plan approve "$time_rules" --digest "$(plan_value time digest)"

say "5. Apply: the default mode only observes, so nothing can happen by accident"
run plan apply "$rights" || echo "(exit $?: blocked, as it should be)"
say "   Allowed by the settings, it is carried out record by record"
RETENTION_MODE=review RETENTION_ALLOW_ERASE=true
export RETENTION_MODE RETENTION_ALLOW_ERASE
run plan apply "$rights"
run plan apply "$time_rules"

say "6. Why was one kept, and what became of one that is gone?"
run explain "$(record_of "$time_rules" outcome held)"
run explain "$(record_of "$rights" action erase)"

say "7. The proof: every step is in the log, and nobody has touched it"
run audit verify

say "8. A second plan: nothing is due any more"
run plan new
printf '\nDone. The whole story is in %s: RETENTION_DATABASE_URL=%s %s/hubspot-retention audit tail\n' \
    "$work/retention.db" "$RETENTION_DATABASE_URL" "$bin"
