#!/usr/bin/env bash
# The long runs, and the tests that must bite. Their outcome is written to benchmarks/results/{long,bite}-<commit>.json.
set -uo pipefail
cd "$(dirname "$0")/.."
results=benchmarks/results
report=$(mktemp)
trap 'rm -f "$report"' EXIT
deploy/asterisk/install.sh || echo "Without an Asterisk the long runs on it are left out."
mkdir -p "$results"
.venv/bin/python -m pytest tests -m long --timeout 3600 --junit-xml "$report" "$@"
status=$?
.venv/bin/python deploy/test_report.py "$report" "$results" || exit 1
[ "$status" = 5 ] && { echo "No test is marked long."; status=0; }
echo; echo "== tests that bite"
.venv/bin/python -m tests.bite --json "$results/bite-$(git rev-parse --short=12 HEAD).json" || status=1
exit "$status"
