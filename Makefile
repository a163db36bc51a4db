# Marcador's workbench. Everything a target needs, it sets up by itself.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
ARGS ?=

.PHONY: help setup demo check lint types unit test test-long bench asterisk lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.venv/.runtime: requirements.lock pyproject.toml deploy/venv.sh
	@deploy/venv.sh requirements.lock >&2
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	@deploy/venv.sh requirements-dev.lock >&2
	@touch $@

setup: .venv/.dev ## the Python environment, with the tools of development

demo: .venv/.runtime ## a whole contact centre on this machine, in one minute (ARGS='--for 60s --json')
	@$(PY) -m marcador demo $(ARGS)

check: lint types unit ## lint, types, unit tests: seconds

lint: .venv/.dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

types: .venv/.dev
	@.venv/bin/mypy

unit: .venv/.dev
	@$(PY) -m pytest tests/unit -q -m "not long and not slow" --hypothesis-profile quick -n 2 $(ARGS)

test: .venv/.dev ## everything that belongs to every change, on real parts
	@deploy/test.sh $(ARGS)

test-long: .venv/.dev ## long runs; results as JSON under benchmarks/results
	@deploy/test-long.sh $(ARGS)

bench: .venv/.dev ## the figures of the README
	@$(PY) -m benchmarks $(ARGS)

asterisk: ## a real Asterisk 22, outside the clone, from Debian's packages
	@deploy/asterisk/install.sh

lock: ## renew the locks (hashes, no addresses)
	uv pip compile pyproject.toml --extra build --generate-hashes --no-header --no-emit-index-url \
	  --python-version 3.11 --universal -q -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev -c requirements.lock --generate-hashes --no-header \
	  --no-emit-index-url --python-version 3.11 --universal -q -o requirements-dev.lock

clean: ## remove what the targets made inside the clone
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
