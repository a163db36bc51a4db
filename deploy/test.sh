#!/usr/bin/env bash
# Everything that belongs to every change, on real parts. What cannot be had here is left out and named at the end;
# with CI set, leaving anything out is a failure.
set -uo pipefail
cd "$(dirname "$0")/.."
pytest=(.venv/bin/python -m pytest -q -m "not long")
left_out=()

have() { command -v "$1" >/dev/null; }
need() { # need PROGRAM PACKAGE WHAT-IT-IS-FOR
  have "$1" && return
  if [ "$(id -u)" = 0 ] && have apt-get; then
    echo "Installing $2 ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2"; } >/dev/null 2>&1
  fi
  have "$1" || left_out+=("$3: no $1 (Debian's $2; apt installs it for root only)")
}

need redis-server redis-server "the bus over Redis"
need sipp sip-tester "system tests: SIPp plays the carrier"
need curl curl "the lines of docs/first-day.md"
deploy/asterisk/install.sh || left_out+=("system tests: no Asterisk 22, the reason is above")

failed=()
run() { # run NAME PYTEST-ARGUMENTS...
  echo; echo "== $1"
  "${pytest[@]}" "${@:2}"
  case $? in 0 | 5) ;; *) failed+=("$1") ;; esac # 5: no tests collected
}
echo; echo "== lint and types"
.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy || failed+=("lint and types")
run "unit and integration" tests/unit tests/integration -n 2 "$@"
run "real Asterisk" tests/system "$@" # one after another: they share an Asterisk, and time counts in them

echo
[ ${#left_out[@]} = 0 ] || printf 'LEFT OUT  %s\n' "${left_out[@]}"
[ ${#failed[@]} = 0 ] || printf 'FAILED    %s\n' "${failed[@]}"
if [ ${#failed[@]} -gt 0 ]; then exit 1; fi
if [ ${#left_out[@]} -gt 0 ] && [ -n "${CI:-}" ]; then
  echo "With CI set, what is left out counts as failed."
  exit 1
fi
echo "Passed${left_out:+, without what is left out}."
