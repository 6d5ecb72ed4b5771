# `make demo` plays whole challenges and serves the site; `make test` runs everything. Both need only python3 (3.11+) and make.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.locked-$(shell cat requirements-dev.lock | cksum | cut -d' ' -f1)

.PHONY: setup run demo test check bench lock format

setup: $(STAMP)

$(STAMP): requirements-dev.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import sys; sys.exit("Concours needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || true
	@echo "Installing the locked dependencies …"
	@if test -x $(BIN)/uv; then $(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements-dev.lock; \
	 else $(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock; fi
	@rm -f .venv/.locked-* && touch $@

run: setup
	@$(BIN)/python -m demo.serve

demo: setup
	@$(BIN)/python -m demo

test: setup
	@$(BIN)/python -m tests

check: setup
	@sh .ci/check

bench: setup
	@$(BIN)/python -m benchmarks

format: setup
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock:
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-annotate --no-header --group dev pyproject.toml -o requirements-dev.lock
