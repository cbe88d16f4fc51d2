# Two commands: `make run` serves the back office with sample data, `make test` proves
# it. Both need only Python 3.11+ and make. VAR_DIR and PORT choose the instance.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
VAR_DIR ?= $(CURDIR)/var

export PORT VAR_DIR
export VIRTUAL_ENV := $(abspath $(VENV))
export PATH := $(VIRTUAL_ENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONHOME
# Compiled modules are kept: tests start many processes.
unexport PYTHONDONTWRITEBYTECODE

# One more than processors: some tests wait for processes that they have started.
PROCESSES = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: setup run test lint audit bench bench-sync bench-api bench-scale test-faults \
	test-browser fuzz clean
.DEFAULT_GOAL := run

# Installs only when a file of requirements changed since the last time.
setup: $(VENV)/.test

$(VENV)/bin/python:
	@echo "setup: creating $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.local: requirements/base.txt requirements/local.txt | $(VENV)/bin/python
	@echo "setup: installing requirements/local.txt"
	@pip install --quiet --requirement requirements/local.txt
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.local | $(VENV)/bin/python
	@echo "setup: installing requirements/test.txt"
	@pip install --quiet --requirement requirements/test.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.test | $(VENV)/bin/python
	@echo "setup: installing requirements/bench.txt"
	@pip install --quiet --requirement requirements/bench.txt
	@touch $@

# Database, migrations, reference data, demo users, samples; then web and worker.
# Everything it starts ends with it.
run: $(VENV)/.local
	@exec $(VENV)/bin/python manage.py up

test: setup lint audit
	@sh .ci/chromium
	@sh .ci/redis
	POLARS_MAX_THREADS=1 pytest -m "not slow" --numprocesses $(PROCESSES) --maxprocesses 5 \
		--dist loadfile --no-loadscope-reorder

lint: setup
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo
	python manage.py makemigrations --check --dry-run

# Known weaknesses: of the code by bandit, of the libraries by pip-audit.
audit: setup
	python .ci/audit.py

bench: $(VENV)/.bench
	python -m tests.benchmarks

# A sync beside a bare loop with requests, and a million records.
bench-sync: setup
	python -m tests.benchmarks.syncs

# Pages, records and streams of the API over a million claims.
bench-api: setup
	python -m tests.benchmarks.api

# Many small files, a million rows beside them, and the queue alone (seven minutes).
bench-scale: setup
	python -m tests.benchmarks.scale

# The long way round: processes killed at every stage of the work (forty minutes).
test-faults: setup
	pytest -m "cluster or slow"

test-browser: setup
	@sh .ci/chromium
	pytest -m browser

# Ten thousand spoilt files and pages through the whole pipeline; 20,000 histories of
# claims files and as many of premiums; the API asked, and our pipeline compared with
# stock import-export, in many more ways than the suite does (three hours).
# FUZZ_ONLY=xlsx-4711 tries one input again.
fuzz: setup
	FUZZ_INPUTS=$${FUZZ_INPUTS:-10000} FUZZ_HISTORIES=$${FUZZ_HISTORIES:-20000} \
		pytest tests/fuzz \
		--numprocesses auto --maxprocesses 4 --dist worksteal
	FUZZ_EXAMPLES=100 pytest tests/backoffice/test_api_description.py
	EXAMPLES_FACTOR=40 pytest tests/importers/pipeline/test_equivalence.py \
		tests/importers/readers tests/importers/webservices/test_bodies.py
	EXAMPLES_FACTOR=20 pytest tests/reinsurance/ledger/test_premium_as_at.py \
		tests/reinsurance/ledger/test_premium_lines.py \
		tests/importers/pipeline/test_registers.py

clean:
	@test ! -x $(VENV)/bin/python || $(VENV)/bin/python manage.py postgres destroy
	rm -rf $(VENV) $(VAR_DIR) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
