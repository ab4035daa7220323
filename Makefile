# Every command of the project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := libs/contracts libs/runtime libs/connector-sdk \
  services/inventory services/amazon-connector services/noon-connector services/order-importer services/control \
  deploy/local deploy/sandbox deploy/demo deploy/bench deploy/fidelity
SOURCES := $(MEMBERS:%=%/src)
INSTALLED := $(VENV)/.installed
AT_ONCE := -n 2 --dist loadfile # two processes, each with a Kafka and a Postgres of its own
UV := VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv

.PHONY: bench conformance fidelity flash-sale model-check simulate help setup lint format test test-unit test-integration test-e2e typescript demo up down status generate release-contracts lock clean

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-17s %s\n", $$1, $$2}'

setup: $(INSTALLED) ## install everything into .venv; nothing global

demo: setup ## a day of sales through the whole system (SALES=<csv>, KILL=<service>, FAULTS=1, RATE=<sales a second>, STOCK=scarce, STOREFRONT_MODE=reserve)
	@$(BIN)/python -m demo $(if $(SALES),--sales "$(SALES)") $(if $(KILL),--kill $(KILL)) $(if $(RATE),--rate $(RATE)) \
	  $(if $(filter-out 0,$(FAULTS)),--faults) $(if $(STOCK),--stock $(STOCK)) \
	  $(if $(STOREFRONT_MODE),--storefront-mode $(STOREFRONT_MODE))

flash-sale: setup ## 6,000 sales of 20 products in an hour (60 of its seconds in one), Amazon under its published limits: the calls that it took
	@$(BIN)/python -m demo.flash_sale

test: setup ## all tests, on real Kafka and Postgres
	@$(BIN)/python -m pytest $(AT_ONCE) -m "not e2e"
	@$(BIN)/python -m pytest $(AT_ONCE) -m e2e

test-unit: setup ## the tests that need nothing but Python
	@$(BIN)/python -m pytest -q $(AT_ONCE) -m "not integration and not e2e"

test-integration: setup ## each part with real Kafka and Postgres
	@$(BIN)/python -m pytest -q $(AT_ONCE) -m integration

test-e2e: setup ## the whole system, with services killed in the middle
	@$(BIN)/python -m pytest -q $(AT_ONCE) -m e2e

model-check: setup ## every state of larger shops under escrow; three units on all channels (WORLDS=all: the largest too)
	@$(BIN)/python -m inventory.testing.larger_shops $(if $(filter all,$(WORLDS)),--all)

typescript: setup ## compile the TypeScript types, validate asyncapi.json with its official schema (needs Node.js)
	@command -v npm >/dev/null || { echo "typescript: no npm here: install Node.js 18 or newer"; exit 2; }
	@npm ci --prefix libs/contracts/typescript --ignore-scripts --no-audit --no-fund --loglevel=error
	@$(BIN)/python -m pytest -q $(wildcard libs/contracts/tests/node/check_*.py)

lint: setup ## style, types, import rules, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "lint: not formatted: run make format"; exit 1; }
	@$(BIN)/mypy $(SOURCES) tests
	@for tests in $(wildcard $(MEMBERS:%=%/tests)); do $(BIN)/mypy $$tests || exit 1; done # apart: their conftest.py share a name
	@$(BIN)/lint-imports
	@$(BIN)/python -m contracts.generate --check
	@$(BIN)/python -m runtime.metrics_page --check

format: setup ## format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generate: setup ## write schemas, asyncapi.json, events.ts, docs/events.md and docs/metrics.md anew from the code
	@$(BIN)/python -m contracts.generate
	@$(BIN)/python -m runtime.metrics_page

release-contracts: setup ## freeze schemas and examples: from then on readers must understand them
	@$(BIN)/python -m contracts.generate --release

bench: setup ## how fast the parts are, against the bare floor in the same run (SCALE=1: with up to 1,000,000 SKUs)
	@$(BIN)/python -m bench $(if $(RUNS),--runs $(RUNS)) $(if $(filter-out 0,$(SCALE)),--scale)

conformance: setup ## what every connector must do, each against its sandbox: a table, connector by behaviour
	@$(BIN)/python -m pytest -q --no-header -p connector_sdk.conformance.table $(wildcard services/*/tests/conformance) -k conforms

fidelity: setup ## scenes, the Amazon connector's and the end-to-end tests, the demo against Amazon's models (SPAPI_MODELS=<folder>, FIDELITY=scenes|tests|e2e|demo, RECORDS=<folder>)
	@$(if $(SPAPI_MODELS),SPAPI_MODELS="$(SPAPI_MODELS)") $(if $(FIDELITY),FIDELITY="$(FIDELITY)") $(if $(RECORDS),RECORDS="$(RECORDS)") \
	  $(BIN)/python -m fidelity

simulate: setup ## the policies on days of recorded sales, and whether their figures hold (SALES=<folder of CSV files>)
	@[ -n "$(SALES)" ] || { echo "simulate: say where the days of sales are: make simulate SALES=<folder of CSV files>"; exit 2; }
	@SALES="$(SALES)" $(BIN)/python -m pytest -q -s services/inventory/tests/days/check_simulated_days.py --timeout 1800

up: setup ## start Kafka, Postgres, sandboxes, services: in Docker, or with MIZAN_DOCKER=0 as local processes
	@$(BIN)/python -m local_stack up

down: setup ## stop the local stack (its data stays; `python -m local_stack down --purge` deletes it)
	@$(BIN)/python -m local_stack down

status: setup ## how the services of the local stack are
	@$(BIN)/mizan status

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "setup: no $(PYTHON) here: install Python 3.11 or newer, or name one with PYTHON=..."; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: $(PYTHON) is older than 3.11: install Python 3.11 or newer, or name one with PYTHON=..."; exit 2; }
	@echo "setup: creating $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "setup: $(PYTHON) has no venv: install it (Debian, Ubuntu: apt install python3-venv)"; rm -rf $(VENV); exit 2; }

$(BIN)/uv: | $(BIN)/python
	@if command -v uv >/dev/null; then ln -sf "$$(command -v uv)" $@; else echo "setup: installing uv into $(VENV)"; $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'; fi

$(INSTALLED): requirements.lock $(MEMBERS:%=%/pyproject.toml) | $(BIN)/uv
	@echo "setup: installing the locked dependencies"
	@$(UV) pip install --quiet --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --no-deps $(MEMBERS:%=-e %)
	@touch $@

lock: | $(BIN)/uv ## pin every dependency anew, with hashes
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --group dev $(foreach m,$(MEMBERS),--no-emit-package mizan-$(subst _,-,$(notdir $(wildcard $(m)/src/*)))) \
	  --custom-compile-command "make lock" pyproject.toml $(MEMBERS:%=%/pyproject.toml) -o requirements.lock
	@! grep -nE 'https?://|find-links' requirements.lock || { echo "lock: requirements.lock names an address: see above"; exit 1; }

clean: ## delete the virtual environment, the local state and the caches
	rm -rf $(VENV) var libs/contracts/typescript/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
