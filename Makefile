# `make demo` and `make test` set up everything they need; nothing has to be installed by hand but Python 3.11+.

PYTHON ?= python3
BIN := .venv/bin
# The lock names every package there is: `--no-deps` keeps pip from looking for newer ones beside it.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

# Each module is compiled once, whatever the surroundings say: tests that start processes of their own take three times
# as long if each of these compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint coverage bench mutants scoreboard scoreboard-full image-proof golden lock clean

help: ## What there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

.venv/runtime: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) --require-hashes --no-deps -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev: .venv/runtime requirements-dev.lock
	$(INSTALL) --require-hashes --no-deps -r requirements-dev.lock
	touch $@

demo: .venv/runtime ## See the main job work, on an invented company in a sandbox portal
	@sh demo/run.sh

test: .venv/dev ## Run every test
	$(BIN)/python -m pytest -n auto --dist worksteal --junit-xml=.tests.xml

lint: .venv/dev ## Style, types, who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: .venv/dev ## Branch coverage of the core: all of it
	$(BIN)/python -m pytest -q -n auto tests/unit/core tests/golden --cov=hubspot_retention.core --cov-branch --cov-fail-under=100

bench: .venv/dev ## Measure every budget
	$(BIN)/python -m bench

mutants: .venv/dev ## Change one thing at a time in what decides and disposes: does a test notice? Minutes
	$(BIN)/python -m tests.mutants

scoreboard: .venv/dev ## Try every line of the reliability scoreboard, in its short form; writes docs/scoreboard.md
	$(BIN)/python -m tests.scoreboard --page --json scoreboard.json

scoreboard-full: .venv/dev ## The same as a release wants it: hours
	$(BIN)/python -m tests.scoreboard --full --page --json scoreboard.json

image-proof: .venv/dev ## Build the image and prove it (Docker; or as root: apt-get install debootstrap podman runc)
	$(BIN)/python -m tests.acceptance.container.prove

golden: .venv/dev ## Write the golden decisions anew, after reading why they changed
	$(BIN)/python -m tests.golden.rewrite

lock: .venv/dev ## Resolve the dependencies anew
	$(BIN)/uv pip compile pyproject.toml --extra build $(LOCK_OPTIONS) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra build --extra dev $(LOCK_OPTIONS) -o requirements-dev.lock

LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

clean: ## Remove what the targets above made
	rm -rf .venv .demo .bench .tests.xml scoreboard.json .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
