# Every command of the project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := libs/contracts libs/runtime libs/connector-sdk \
  services/inventory services/amazon-connector services/noon-connector services/order-importer services/control \
  deploy/local deploy/sandbox deploy/demo
INSTALLED := $(VENV)/.installed

.PHONY: help setup lock

help: ## list the commands
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(INSTALLED) ## install everything into .venv (nothing global)

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) here: install Python 3.11 or newer, or name one with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11: install Python 3.11 or newer, or name one with PYTHON=..."; exit 1; }
	@echo "setup: creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(BIN)/uv: | $(BIN)/python
	@if command -v uv >/dev/null; then ln -sf "$$(command -v uv)" $@; else echo "setup: installing uv into $(VENV)"; $(BIN)/python -m pip install --quiet 'uv>=0.13,<0.14'; fi

$(INSTALLED): requirements.lock $(MEMBERS:%=%/pyproject.toml) | $(BIN)/uv
	@echo "setup: installing the locked dependencies"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps $(MEMBERS:%=-e %)
	@touch $@

lock: | $(BIN)/uv ## pin every dependency anew, with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --group dev $(foreach m,$(MEMBERS),--no-emit-package mizan-$(subst _,-,$(notdir $(wildcard $(m)/src/*)))) \
	  --custom-compile-command "make lock" pyproject.toml $(MEMBERS:%=%/pyproject.toml) -o requirements.lock
	@! grep -nE 'https?://|find-links' requirements.lock || { echo "requirements.lock names a registry: see above"; exit 1; }
