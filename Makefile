# One entry point for people and for CI. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Tests name files in Chinese, which a locale such as LC_ALL=POSIX does not have.
export PYTHONUTF8 := 1

# The distribution's own interpreter first: it is built with profile-guided optimisation, which one compiled by hand often
# is not (docs/reference/performance.md). `make setup PYTHON=python3.13` takes another.
ifndef PYTHON
PYTHON := $(shell for python in /usr/bin/python3 python3; do \
	"$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && exit; \
	done; echo python3)
endif
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
RULES := routing_rules.yaml
UV_VERSION := 0.13.9

# A recipe is one shell script that stops at the first failure; its first line's @ silences all of it.
heading = printf '\n== %s ==\n' "$(1)"

.PHONY: help setup setup-eval setup-bench run test check docs bench profile eval soak lock format clean

help: ## 列出全部目标
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## 建好 .venv(版本锁定、逐包校验哈希);无变化时立即返回
	@inputs() {
		cat requirements-dev.lock
		sed '/^\[tool\.ruff\]/,$$d' pyproject.toml
		$(PYTHON) --version
		pwd
	}
	wanted="$$(inputs | $(PYTHON) -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')"
	if [[ -x $(BIN)/python && "$$(cat $(VENV)/.stamp 2>/dev/null || true)" == "$$wanted" ]]; then exit 0; fi
	$(call heading,setup)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "需要 Python 3.11 或更新版本,当前是 " + sys.version.split()[0])'
	if [[ "$$($(BIN)/python --version 2>/dev/null || true)" != "$$($(PYTHON) --version)" ]]; then $(PYTHON) -m venv --clear $(VENV); fi
	rm -f $(VENV)/.stamp
	$(BIN)/python -m pip install -qq --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	echo "$$wanted" >$(VENV)/.stamp

setup-eval: setup ## 另装统计基线所需的包(只供 make eval 对比用)
	@$(call heading,setup-eval)
	$(BIN)/python -m pip install -qq --require-hashes -r requirements-eval.lock

setup-bench: setup ## 另装作对比的队列(只供 make bench 用)
	@$(call heading,setup-bench)
	$(BIN)/python -m pip install -qq --require-hashes -r requirements-bench.lock

run: setup ## 启动网桥与模拟对手方,演示工单全程(ARGS="--once" 演完即退)
	@exec $(BIN)/bridge demo $(ARGS)

# Three workers keep two cores busy: half of a test's time it waits for what it started.
test: setup ## 跑全部测试,含真实 PostgreSQL(ARGS 传给 pytest)
	@$(call heading,test)
	$(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder -m "not soak" --ignore=tests/benchmarks $(ARGS)

check: setup ## CI 所做的一切:格式、规范、类型、分层、schemas、规则、测试
	@$(call heading,format)
	$(BIN)/ruff format --check .
	$(call heading,lint)
	$(BIN)/ruff check .
	$(call heading,types)
	$(BIN)/mypy
	$(call heading,layers)
	$(BIN)/lint-imports --no-logo
	$(call heading,schemas)
	$(BIN)/bridge schemas --check
	$(call heading,rules)
	$(BIN)/bridge rules check $(RULES)
	$(BIN)/bridge rules test $(RULES)
	$(MAKE) test

docs: setup ## 构建说明书到 build/site(有一处警告即失败,可离线看)
	@$(call heading,docs)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: setup-bench ## 基准测试,逐项对照限值,写入 docs/reference/performance.md(ROUNDS、TICKETS、GROWTH)
	@$(call heading,bench)
	$(PYTEST) tests/benchmarks -p no:randomly -p no:xdist --timeout=1800 -s $(ARGS)
	$(BIN)/python -m tests.benchmarks.report

profile: setup ## 一件工单的 CPU 用在哪里
	@$(call heading,profile)
	$(BIN)/python -m tests.benchmarks.profile

eval: setup ## 在标注文件上量准确率(DATA=目录;PUBLISH=1 写进文档)
	@$(call heading,eval)
	$(BIN)/python -m tests.evaluation $(DATA) $(if $(PUBLISH),--publish)

soak: setup ## 长时间可靠性测试
	@$(call heading,soak)
	$(PYTEST) -m soak -p no:xdist --timeout=0 $(ARGS)

lock: ## 重新生成四个锁文件(ARGS=--upgrade 升到最新)
	@$(call heading,lock)
	tools="$$(mktemp -d)"
	trap 'rm -rf "$$tools"' EXIT
	$(PYTHON) -m venv "$$tools"
	"$$tools/bin/pip" install -qq uv==$(UV_VERSION)
	resolve() {
		"$$tools/bin/uv" pip compile -q --no-config --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --custom-compile-command 'make lock' $(ARGS) pyproject.toml --extra fast "$$@"
	}
	resolve -o requirements.lock
	resolve --extra dev -c requirements.lock -o requirements-dev.lock
	resolve --extra eval -c requirements-dev.lock -o requirements-eval.lock
	resolve --extra bench -c requirements-dev.lock -o requirements-bench.lock

format: setup ## 排版并自动改正能改的规范问题
	@$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

clean: ## 删去 .venv、缓存与构建产物(不动 data/)
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
