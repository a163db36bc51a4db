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
if [ -x /usr/lib/postgresql/15/bin/postgres ]; then
  echo; echo "== what touches tables, on PostgreSQL 15"
  MARCADOR_TEST_PG=15 .venv/bin/python -m pytest -q -m "not long" tests/integration/{storage,lists,lists_filtering,typifications,reports} || status=1
else
  echo "Without Debian's PostgreSQL 15 (apt-get install postgresql-15) nothing runs on it."
fi
echo; echo "== tests that bite"
.venv/bin/python -m tests.bite --json "$results/bite-$(git rev-parse --short=12 HEAD).json" || status=1
exit "$status"
