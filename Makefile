# Tessera: what a person types. Everything happens in .venv; the first call makes it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PORT ?= 8000
WORKERS ?= 2
# root's own pip warns at every call; the virtual environment is ours
export PIP_ROOT_USER_ACTION := ignore

.PHONY: demo test lint bench assets clean

demo: $(VENV)/installed
	@$(BIN)/tessera demo --port $(PORT)

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tests/contracts/translations.py

bench: $(VENV)/installed-dev
	$(BIN)/python -m bench

assets: $(VENV)/installed
	$(BIN)/python hatch_build.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Tessera needs Python 3.11 or newer: make PYTHON=python3.12 demo")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt hatch_build.py assets/package.json
	$(PIP) install --quiet --constraint constraints.txt --editable .
	$(BIN)/python hatch_build.py
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist core/tessera/web/static/vendor
