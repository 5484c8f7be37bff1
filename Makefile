# Liaison: the commands of the house. Needs make and python3 >= 3.11 with venv, nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Processes of the test run: more than 2 cores, since tests mostly wait for processes of their own.
JOBS ?= 3
PYTEST_ARGS ?=
DEMO_ARGS ?=
BENCH_ARGS ?=

LOCK_STAMP := $(VENV)/.installed-lock
PROJECT_STAMP := $(VENV)/.installed-project
RUNTIME_STAMP := $(VENV)/.installed-runtime

.PHONY: help
help: ## Show these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do printf '%-14s %s\n' "$$name" "$$what"; done

.PHONY: setup
setup: $(PROJECT_STAMP) ## Build .venv from requirements-dev.lock (instant when nothing changed)

$(LOCK_STAMP): requirements-dev.lock
	@PYTHON="$(PYTHON)" scripts/environment $(VENV) requirements-dev.lock
	@touch $@

$(PROJECT_STAMP): pyproject.toml $(LOCK_STAMP)
	@$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

# An environment that is there is used as it is; else the lock without the tests' tools is enough.
.PHONY: demo
demo: ## Run four desks to try out in a browser until Ctrl-C (make demo DEMO_ARGS=--fresh)
	@if ! [[ -e $(LOCK_STAMP) || $(RUNTIME_STAMP) -nt requirements.lock ]]; then \
	  echo "building $(VENV) from requirements.lock"; \
	  PYTHON="$(PYTHON)" scripts/environment $(VENV) requirements.lock; \
	  touch $(RUNTIME_STAMP); \
	fi
	@PYTHONPATH="$(CURDIR)" exec $(BIN)/python -P -m liaison demo $(DEMO_ARGS)

.PHONY: test
test: setup ## Check format, rules, types and imports, then run all tests but the soak
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses $(JOBS) --dist loadgroup $(PYTEST_ARGS)

.PHONY: coverage
coverage: setup ## Run the tests in one process and print what they do not reach
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: soak
soak: setup ## Run the long tests, going on where the last run stopped (PYTEST_ARGS="-k NAME")
	$(BIN)/pytest -m soak --resume .soak-passed $(PYTEST_ARGS)
	rm -f .soak-passed

.PHONY: adversary
adversary: setup ## Attack it at length, print how each attack ended (PYTEST_ARGS="-k NAME")
	$(BIN)/pytest -m "soak or not soak" tests/adversary tests/properties tests/soundness $(PYTEST_ARGS)

.PHONY: bench
bench: setup ## Measure speed and size, each beside its limit or a peer (BENCH_ARGS="--json FILE")
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

.PHONY: bench-long
bench-long: setup ## The same at length, with growth, large bodies, idle desks, a fresh clone
	$(BIN)/python -m tests.bench --long $(BENCH_ARGS)

.PHONY: screenshots
screenshots: setup ## Take the pictures of docs/tutorial anew, in Chromium
	rm -f docs/tutorial/*.png
	LIAISON_REQUIRE=chromium LIAISON_TUTORIAL="$(CURDIR)/docs/tutorial" $(BIN)/pytest tests/browser/test_journey.py

.PHONY: lock
lock: ## Write both locks anew from pyproject.toml
	PYTHON="$(PYTHON)" scripts/lock

.PHONY: clean
clean: ## Remove the environment, caches and builds
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
