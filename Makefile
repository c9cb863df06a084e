# make train: set everything up and train on movie reviews. make test: set everything up and run the tests.
# make bench: measure, beside the peers.
PYTHON ?= python3
EXTRAS ?= all,dev
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup train test bench lint format clean

setup: $(VENV)/.installed

# The stamp is newer than what decides the environment's contents, or the environment is brought up to date.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Plaudit needs Python 3.11 or later; this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(EXTRAS)]'
	touch $@

train: setup
	$(BIN)/plaudit train $(ARGS)

test: setup
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

# How fast, how much memory, beside the peers; hours. Set PLAUDIT_IMDB to the archive. The figures go to results/.
bench:
	$(MAKE) setup EXTRAS=all,dev,tensorflow,bench
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/text.py
	$(BIN)/python benchmarks/score.py
	$(BIN)/python benchmarks/train.py --peers --repeats 3 --plot results/train.svg
	$(BIN)/python benchmarks/tutorial.py --whole
	$(BIN)/python benchmarks/floor.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/batch.py
	$(BIN)/python benchmarks/serve.py
	$(BIN)/python benchmarks/serve.py --overload
	$(BIN)/python benchmarks/serve.py --texts 1000000
	$(BIN)/python benchmarks/hostile.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
