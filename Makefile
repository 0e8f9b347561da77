PYTHON ?= python3
BIN := .venv/bin
WITHOUT_BROWSER := tests --ignore=tests/browser --ignore=tests/bench

.PHONY: run test bench bench-ui bench-slow bench-peer bench-flux lint help soak soak-attacks screenshots
help:
	@echo "make run    install what is needed and start everything on http://127.0.0.1:8050"
	@echo "make test   lint, types, import contracts, JavaScript, unit, API and browser tests"
	@echo "make bench  measure: seconds of each step from shutter to spectrum"
	@echo "make bench-ui  only the pages in a real browser: images, spectra, first load, live changes"
	@echo "make bench-slow  only the site under 2,000 slow clients"
	@echo "make soak   kill processes at random while demo nights arrive (half an hour)"
	@echo "make soak-attacks  the same for 15 minutes, with slow clients and bombs"
	@echo "make bench-peer  install goodman-pipeline apart and measure it (20 min), for make bench to show"
	@echo "make bench-flux  install PypeIt, ASPIRED and specreduce apart; flux calibrations side by side (10 min)"
	@echo "make screenshots  photograph the pages for the manual in docs/user"
	@echo "make lint   only ruff, mypy, the import contracts, ESLint, Prettier and tsc"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "GSP Live needs Python 3.11 or newer; set PYTHON=… to one."; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

# uv installs in a quarter of pip's time; pip knows mirrors and folders of wheels that uv does not.
# Compiled here, as pip does: else the first start takes ten seconds more, and every start does where
# the site's account may not write into the environment.
.venv/bin/uv: .venv/bin/python requirements-uv.txt
	-$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

define install
$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(1) \
  || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
endef

.venv/.run-installed: .venv/bin/uv requirements.txt
	$(call install,requirements.txt)
	@touch $@

# What the tests need holds what the site needs.
.venv/.test-installed: .venv/bin/uv requirements.txt requirements-dev.txt
	$(call install,requirements-dev.txt)
	@touch .venv/.run-installed $@

run: .venv/.run-installed
	@exec $(BIN)/python app.py

# The checks of `make lint` are independent of each other, so they run side by side.
CHECKS := check-style check-types check-imports check-javascript
.PHONY: $(CHECKS) machine

lint: .venv/.test-installed
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target $(CHECKS)

check-style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types:
	$(BIN)/mypy

check-imports:
	$(BIN)/lint-imports

check-javascript:
	$(BIN)/python tools/check_javascript.py lint
	$(BIN)/python tools/check_javascript.py test

machine:
	tools/provide_test_machine

test: .venv/.test-installed
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target $(CHECKS) machine
	$(BIN)/python -m pytest -n 2 $(WITHOUT_BROWSER)
	$(BIN)/python -m tests.support.postgres $(BIN)/python -m pytest -n 2 --only-database $(WITHOUT_BROWSER)
	$(BIN)/python -m pytest -n 2 -m "not alone" tests/browser
	$(BIN)/python -m pytest -m alone tests/browser

bench: .venv/.test-installed
	$(BIN)/python -m pytest -q -s -m bench tests/bench

bench-slow: .venv/.test-installed
	$(BIN)/python -m pytest -q -s -m bench tests/bench/test_slow_clients.py

bench-ui: .venv/.test-installed
	$(BIN)/python -m pytest -q -s -m bench tests/bench/test_ui.py

soak: .venv/.test-installed
	$(BIN)/python -m tests.soak.kill_night

soak-attacks: .venv/.test-installed
	$(BIN)/python -m tests.soak.kill_night --attacks --minutes 15

screenshots: .venv/.test-installed
	tools/provide_test_machine
	$(BIN)/python -m tools.make_screenshots

.venv-peer/.installed:
	$(PYTHON) -m venv .venv-peer
	.venv-peer/bin/pip install --quiet --disable-pip-version-check goodman-pipeline==3.1.0
	@touch $@

# Its search for cosmic rays in unbinned frames is a C program that comes with it as source only.
.venv-peer/bin/dcr: .venv-peer/.installed
	@command -v gcc >/dev/null \
	  || { echo "dcr, which goodman-pipeline calls, needs gcc; on Debian: apt-get install gcc"; exit 1; }
	folder=$$(.venv-peer/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
	  && cp -r $$folder/goodman_pipeline/data/dcr_source/dcr .venv-peer/dcr-source \
	  && $(MAKE) --silent -C .venv-peer/dcr-source \
	  && mv .venv-peer/dcr-source/dcr $@ && rm -r .venv-peer/dcr-source

bench-peer: .venv/.test-installed .venv-peer/bin/dcr
	$(BIN)/python tools/bench_peer.py .venv-peer/bin var/bench-peer.json

# Each in an environment of its own; the table says which could not be installed.
FLUX_PEERS := pypeit==2.0.1 aspired==0.5.1 specreduce==1.9.0

.venv-flux/.installed:
	for peer in $(FLUX_PEERS); do \
	  folder=.venv-flux/$${peer%%==*}; \
	  $(PYTHON) -m venv $$folder \
	    && { $$folder/bin/pip install --quiet --disable-pip-version-check $$peer || rm -r $$folder; }; \
	done
	@touch $@

bench-flux: .venv/.test-installed .venv-flux/.installed
	OMP_NUM_THREADS=1 $(BIN)/python tools/bench_flux.py .venv-flux var/bench-flux.json
