# Two commands do everything on a fresh machine with Python and make:  make paper   make test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TESTED := $(VENV)/.tested
# outside any other environment that happens to be active
unexport VIRTUAL_ENV
unexport PYTHONPATH
unexport PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help paper test lint types bench docs clean

help: ## this page
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("metareview needs Python 3.11 or later; try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

# what only tests need on top: models to run again, and the peers that scores are compared with
$(TESTED): $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,rerun,affinities,peers]'
	@touch $@

paper: $(STAMP) ## tables, figures and HTML reports of every review in config/config.yaml -> reports/
	@$(BIN)/snakemake --profile profiles/local
	@for page in reports/*/report.html; do echo "open $$page"; done

test: $(TESTED) ## every test
	$(BIN)/python -m pytest -n auto --dist worksteal -q

lint: $(STAMP) ## style, import directions, Snakemake files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile metareview/workflow
	$(BIN)/snakemake --lint

types: $(TESTED) ## mypy, strict
	$(BIN)/mypy

bench: $(TESTED) ## benchmarks: ratios against named peers, and speed of checking and building
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script; done

docs: $(STAMP) ## command pages and pictures of the README, from the program and the built reports
	$(BIN)/python docs/make.py

clean: ## remove everything that is built (environment, reports, caches), but not the committed tables
	rm -rf $(VENV) .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	rm -rf reports/*/.work reports/*/figures reports/*/report.html reports/*/tables/*.html reports/*/tables/*.xlsx
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
