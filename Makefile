# Everything starts here: each target first builds the environment it needs in .venv, from
# nothing but Python 3.11 or newer and make. `make PYTHON=python3.12 test` picks an interpreter.

VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo
PORT ?= 8000
# Options handed to pytest, e.g. `make test TESTS="tests/unit/metrics -x"`.
TESTS ?=
# Benchmarks to run, by name, e.g. `make bench BENCH=metrics`; empty runs all.
BENCH ?=

# The first interpreter found that is new enough; empty if there is none.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$python; break; fi; done)

# Slow lines download large wheels too; pip's own mirror setting, where there is one, is kept.
export UV_HTTP_TIMEOUT ?= 300
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
export UV_NO_PROGRESS ?= 1
UV = VIRTUAL_ENV="$(abspath $(VENV))" $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: help demo test check types style bench serve format lock docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo-ready ## build the demo workspace from real data and write its report
	$(BIN)/tenure demo --workspace "$(DEMO)"

test: $(VENV)/.dev-ready ## run the tests
	$(BIN)/python -m pytest $(TESTS)

check: $(VENV)/.dev-ready ## lint, format, types, layers, and documentation
	@$(MAKE) --no-print-directory --jobs 2 types style

types: $(VENV)/.dev-ready
	$(BIN)/mypy

style: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/architecture tests/docs --ignore tests/docs/test_examples.py

bench: $(VENV)/.dev-ready ## run the benchmarks; each prints a ratio against a named peer
	$(BIN)/python -m benchmarks $(BENCH)

serve: $(VENV)/.demo-ready ## serve the demo's report on 127.0.0.1 (builds it first if absent)
	@test -d "$(DEMO)/reports" || $(BIN)/tenure demo --workspace "$(DEMO)"
	@echo "The demo's reports: http://127.0.0.1:$(PORT)/ (Ctrl-C ends)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory "$(DEMO)/reports"

format: $(VENV)/.dev-ready ## format the code and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev-ready ## write the generated reference pages anew
	$(BIN)/python -m scripts.reference

# One resolution (dev) constrains the smaller ones, so the demo's packages are a subset of it.
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"

lock: $(VENV)/.uv-ready ## resolve the requirements anew, with hashes
	$(COMPILE) --all-extras --group dev --group build pyproject.toml -o requirements/dev.txt
	$(COMPILE) -c requirements/dev.txt --extra demo --group build pyproject.toml \
		-o requirements/demo.txt
	$(COMPILE) -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt
	echo setuptools | $(COMPILE) - -o requirements/build.txt

clean: ## remove the environment, caches and the demo
	rm -rf $(VENV) $(DEMO) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache .coverage

# PySpark comes as sources only; build.txt says, with hashes, what may build them.
# A stamp inside .venv says that what it names is installed. The demo's stamp comes with the
# developers' one; `install` removes nothing, so the demo never takes their tools away.
$(VENV)/.dev-ready: $(VENV)/.uv-ready requirements/dev.txt requirements/build.txt pyproject.toml
	$(UV) pip sync --quiet --compile-bytecode --require-hashes \
		--build-constraints requirements/build.txt requirements/dev.txt
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.demo-ready

$(VENV)/.demo-ready: $(VENV)/.uv-ready requirements/demo.txt pyproject.toml
	$(UV) pip install --quiet --compile-bytecode --require-hashes \
		--requirement requirements/demo.txt
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.uv-ready: requirements/uv.txt
	@test -n "$(PYTHON)" || { echo >&2 "Tenure needs Python 3.11 or newer; \
	found: $$(python3 --version 2>&1). To do: install a newer Python, \
	or name one: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo >&2 \
	"Tenure needs Python 3.11 or newer; given: PYTHON=$(PYTHON), which is \
	$$($(PYTHON) --version 2>&1). To do: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo >&2 "This Python cannot make virtual \
	environments. To do: install its venv package (Debian, Ubuntu: apt-get install python3-venv)"; \
	exit 1; }
	@echo "Building the environment in $(VENV) with $$($(PYTHON) --version) ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/uv.txt
	@touch $@
