# Raydock. `make help` lists the targets; every one works from a fresh clone.
SHELL := /bin/sh
PORT ?= 8000
HOST ?= 127.0.0.1
DATA_DIR ?= .local
PYTHON ?= python3
PY := .venv/bin/python
export PYTHON
# Bytecode is kept: compiling the AWS packages anew at each start costs seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check bench lint format lock docs screenshots doctor clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 14

run: .venv/.run ## Run everything on this machine (PORT=8000 DATA_DIR=.local); Ctrl-C stops it
	@exec $(PY) manage.py up --host '$(HOST)' --port '$(PORT)' --data-dir '$(DATA_DIR)'

test: .venv/.dev ## The whole test suite on SQLite, browser tests included
	@tools/test

check: .venv/.dev ## What CI runs: style, types, contracts, documents, all tests on both databases
	@tools/check

bench: .venv/.dev ## The benchmarks: a table of figures and ratios
	@$(PY) -m tests.benchmarks

lint: .venv/.dev ## Style, types and import contracts only
	@tools/check lint

format: .venv/.dev ## Put code and templates into shape
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix --quiet . || true
	@.venv/bin/djlint --quiet --reformat portal/templates || true

docs: .venv/.dev ## Write the generated documents again
	@$(PY) tools/write_docs.py

lock: .venv/.dev ## Resolve pyproject.toml into hash-pinned requirements
	@tools/lock

screenshots: .venv/.dev ## Take the pictures in docs/images
	@$(PY) tools/screenshots.py

doctor: .venv/.run ## Say what is wrong with this configuration, and how to mend it
	@RAYDOCK_DATA_DIR='$(DATA_DIR)' $(PY) manage.py doctor

clean: ## Remove what was built and installed; DATA_DIR stays
	rm -rf .venv .tools build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/.run: requirements.txt tools/bootstrap tools/uv.txt
	@tools/bootstrap requirements.txt
	@touch $@

.venv/.dev: requirements.txt requirements-dev.txt tools/bootstrap tools/uv.txt
	@tools/bootstrap requirements-dev.txt
	@touch .venv/.run $@
