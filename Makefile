# Two commands do everything on a fresh machine with Python and make:  make paper   make test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TESTED := $(VENV)/.tested
SLURM_BIN := $(VENV)-slurm/bin
# outside any other environment that happens to be active
unexport VIRTUAL_ENV
unexport PYTHONPATH
unexport PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help paper test lint types bench docs rerun-demo slurm-test clean

help: ## this page
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("metareview needs Python 3.11 or later; try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

# what only tests need on top: models to run again, and the peers that scores are compared with
$(TESTED): $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,rerun,affinities,peers,pdf]'
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
	$(BIN)/snakefmt --check Snakefile metareview/workflow tests/slurm
	$(BIN)/snakemake --lint

types: $(TESTED) ## mypy, strict
	$(BIN)/mypy

bench: $(TESTED) ## benchmarks: ratios against named peers, and speed of checking and building
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script; done

docs: $(STAMP) ## command pages and pictures of the README, from the program and the built reports
	$(BIN)/python docs/make.py

rerun-demo: $(TESTED) ## two reference models on the procedural phantom, from nothing to a replication table; CPU, a minute
	@# a finished one starts over, a killed one goes on
	test ! -e build/rerun-demo/replication.svg || rm -rf build/rerun-demo
	mkdir -p build/rerun-demo && cp -R examples/phantom/. build/rerun-demo
	$(BIN)/metareview rerun run build/rerun-demo --device cpu
	@# not through a pipe, whose exit code is that of its end
	$(BIN)/metareview rerun replicate build/rerun-demo --output build/rerun-demo/replication.md
	@cat build/rerun-demo/replication.md
	$(BIN)/metareview figure build/rerun-demo replication -o build/rerun-demo/replication.svg

slurm-test: ## a SLURM on this machine: a sweep and a scoring job through it, results equal to the local ones (root, Debian)
	test -x $(SLURM_BIN)/python || $(PYTHON) -m venv $(VENV)-slurm
	$(SLURM_BIN)/python -c 'import torch, sklearn, zarr, snakemake_executor_plugin_slurm' 2>/dev/null || \
	  $(SLURM_BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[rerun,slurm,volumes]'
	$(SLURM_BIN)/python tests/slurm/one_machine.py

clean: ## remove everything that is built (environment, reports, caches), but not the committed tables
	rm -rf $(VENV) $(VENV)-slurm build .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	rm -rf reports/*/.work reports/*/figures reports/*/report.html reports/*/explorer.html reports/*/tables/*.html reports/*/tables/*.xlsx
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
