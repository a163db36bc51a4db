#!/usr/bin/env bash
# The long runs. Their outcome is written to benchmarks/results/long-<commit>.json.
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
[ "$status" = 5 ] && { echo "No test is marked long."; exit 0; }
exit "$status"
