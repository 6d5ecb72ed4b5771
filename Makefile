# `make demo` plays whole challenges and serves the site; `make test` runs everything. Both need only python3 (3.11+) and make.
# `make help` lists every target.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.locked-$(shell cat requirements-dev.lock | cksum | cut -d' ' -f1)

.PHONY: help setup run demo test check bench faults storm lock format release docs pictures sbom

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(STAMP) ## install the locked dependencies and the command `concours` into .venv/

$(STAMP): requirements-dev.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import sys; sys.exit("Concours needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || true
	@echo "Installing the locked dependencies …"
	@if test -x $(BIN)/uv; then $(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements-dev.lock; \
	 else $(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock; fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@rm -f .venv/.locked-* && touch $@

run: setup ## serve the site with its data as it is
	@$(BIN)/python -m demo.serve

demo: setup ## play whole challenges, print the boards, serve the site (SERVE=0: end after the boards)
	@$(BIN)/python -m demo

test: setup ## run every test that can run here, and say what was left out
	@$(BIN)/python -m tests

check: setup ## format, lint, types, imports, migrations, translations, front end
	@sh .ci/check

docs: setup ## build the documentation into var/docs
	@$(BIN)/zensical build --strict --clean --config-file mkdocs.yml

pictures: setup ## draw the pictures of the documentation from its pages (needs Chromium)
	@CONCOURS_MAKE_PICTURES=1 $(BIN)/python -m pytest -q -p no:randomly tests/pages/test_pictures.py

bench: setup ## measure, each figure beside its peer's
	@$(BIN)/python -m benchmarks

faults: setup ## SECONDS=60 SEED=1: faults on the production stack, then what was acknowledged against what there is
	@$(BIN)/python -m benchmarks.faults --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1) $(if $(FAULTS_JSON),--json $(FAULTS_JSON))

storm: setup ## TEAMS=500 SEED=1: a deadline at which every team submits within the last minute
	@$(BIN)/python -m benchmarks.faults.storm --teams $(or $(TEAMS),500) --seed $(or $(SEED),1) $(if $(STORM_JSON),--json $(STORM_JSON))

format: setup ## format the code and the templates, and apply the safe fixes of the linter
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix . && $(BIN)/djlint templates --reformat --quiet

lock: ## resolve pyproject.toml into the two lock files (needs uv)
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-annotate --no-header --no-emit-package concours --extra site pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-annotate --no-header --no-emit-package concours --extra site --extra client --group dev pyproject.toml -o requirements-dev.lock

sbom: ## write the bill of materials of the locked dependencies to var/sbom.json (CycloneDX)
	@mkdir -p var && $(PYTHON) .ci/sbom.py > var/sbom.json && echo "var/sbom.json"

release: ## VERSION=1.2.0: set the version, date the changelog, commit and tag
	@$(PYTHON) .ci/release.py $(VERSION)
