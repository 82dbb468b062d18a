# One entry point for people and for CI. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9

heading = printf '\n\033[1m== %s ==\033[0m\n' "$(1)"

.PHONY: setup
setup: ## 建好 .venv(锁定版本、逐包校验哈希);无变化时立即返回
	@wanted="$$( (cat requirements-dev.lock; sed '/^\[tool\.ruff\]/,$$d' pyproject.toml; $(PYTHON) --version; pwd) | $(PYTHON) -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')"
	if [[ -x $(BIN)/python && "$$(cat $(VENV)/.stamp 2>/dev/null)" == "$$wanted" ]]; then exit 0; fi
	$(call heading,setup)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "需要 Python 3.11 或更新版本,当前为 " + sys.version.split()[0])'
	if ! $(BIN)/python -c 'import pip' 2>/dev/null; then $(PYTHON) -m venv --clear $(VENV); fi
	rm -f $(VENV)/.stamp
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	echo "$$wanted" >$(VENV)/.stamp
