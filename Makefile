PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test bench bench-peer lint help soak
help:
	@echo "make run    install what is needed and start everything on http://127.0.0.1:8050"
	@echo "make test   lint, types, import contracts, unit, API and browser tests"
	@echo "make bench  measure: seconds of each step from shutter to spectrum"
	@echo "make soak   kill processes at random while demo nights arrive (half an hour)"
	@echo "make bench-peer  install goodman-pipeline apart and measure it, for make bench to show"
	@echo "make lint   only ruff, mypy and the import contracts"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "GSP Live needs Python 3.11 or newer; set PYTHON=… to one."; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

.venv/.run-installed: .venv/bin/python requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.test-installed: .venv/.run-installed requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: .venv/.run-installed
	@exec $(BIN)/python app.py

lint: .venv/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	tools/provide_test_machine
	$(BIN)/python -m pytest -n 2 tests/unit tests/api
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest -n 2 --only-database tests/unit tests/api
	$(BIN)/python -m pytest tests/e2e

bench: .venv/.test-installed
	$(BIN)/python -m pytest -q -s -m bench tests/bench

soak: .venv/.test-installed
	$(BIN)/python -m tests.soak.kill_night

.venv-peer/.installed:
	$(PYTHON) -m venv .venv-peer
	.venv-peer/bin/pip install --quiet --disable-pip-version-check goodman-pipeline==3.1.0
	@touch $@

bench-peer: .venv/.run-installed .venv-peer/.installed
	$(BIN)/python tools/bench_peer.py .venv-peer/bin var/bench-peer.json
