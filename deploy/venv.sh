#!/usr/bin/env bash
# Makes .venv and installs one lock file into it, hashes checked.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1
python=$(command -v python3.13 python3.12 python3.11 python3 | head -n 1 || true)
for candidate in python3 python3.11 python3.12 python3.13; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || { echo "Marcador needs Python 3.11 or newer: install python3 first." >&2; exit 2; }
if [ ! -x .venv/bin/pip ]; then
  rm -rf .venv
  if ! "$python" -m venv .venv 2>/dev/null; then
    rm -rf .venv
    # Debian keeps ensurepip in a package of its own.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
      "$python" -m venv .venv
    else
      echo "Python's venv module is missing: ask for 'apt-get install python3-venv' and try again." >&2
      exit 2
    fi
  fi
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
