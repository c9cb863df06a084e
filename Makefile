# make train: set everything up and train on movie reviews. make test: set everything up and run the tests.
# make quick: lint, and the tests of what changed, within a minute. make coverage: which lines the tests run.
# make oldest: the tests on the oldest dependencies that are allowed. make pythons: on each Python that is installed.
# make bench: measure, beside the peers. make docs: build the documentation site.
PYTHON ?= python3
EXTRAS ?= all,dev
VENV := .venv
BIN := $(VENV)/bin

TOOLS := .tools/bin

.PHONY: setup train test quick coverage oldest pythons bench docs lint format locks sbom advisories clean

setup: $(VENV)/.installed

# The processes that tests and training start need not compile the source again.
unexport PYTHONDONTWRITEBYTECODE

# The stamp is newer than what decides the environment's contents, or the environment is brought up to date.
$(VENV)/.installed: pyproject.toml constraints.txt hatch_build.py $(wildcard src/plaudit/native/*.[ch])
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Plaudit needs Python 3.11 or later; this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(EXTRAS)]'
	touch $@

train: setup
	$(BIN)/plaudit train $(ARGS)

# A process a core already: threads within them would only wait for each other.
test coverage: export OMP_NUM_THREADS = 1

test: setup
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

# What changed since main, or in the last five commits where nothing did: the tests beside it, for half a minute at most.
quick: setup
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q -m "not slow" --timeout 30 --seconds 30 $$($(BIN)/python tests/what_changed.py)

coverage: setup
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
	  --cov plaudit --cov-report term:skip-covered $(ARGS)

# Without torch, TensorFlow and Ray: what trains, scores, audits, tunes and serves. SLICE names other tests.
OTHER := train,tune,controls,audit,serve,excel,sql,tensorboard,dev
SLICE ?= tests/test_settings.py tests/test_config.py tests/test_plugins.py tests/text tests/evaluation tests/training tests/tuning \
  tests/report/test_report_plots.py tests/app/test_app_ngram.py tests/app/test_app_shell.py

# The lower bounds of pyproject.toml, in an environment of their own; what they need besides is new, and old beside new
# may warn of deprecation.
oldest: .tools/.installed
	$(TOOLS)/uv venv --quiet --clear --python $(PYTHON) .tools/oldest
	$(TOOLS)/uv pip install --quiet --python .tools/oldest --resolution lowest-direct --editable '.[$(OTHER)]'
	.tools/oldest/bin/python -m pytest -q -m "not slow" -W default::DeprecationWarning $(SLICE)

# The versions of constraints.txt on the Pythons that are here, but the one of `make test`.
PYTHONS = $(shell for each in 3.12 3.13; do python$$each -c 'import sys; print(sys.executable)' 2>/dev/null; done)
pythons: .tools/.installed
	@test -n "$(PYTHONS)" || echo "neither Python 3.12 nor 3.13 is here: make pythons PYTHONS=/path/to/python3.13"
	for each in $(PYTHONS); do \
	  $(TOOLS)/uv venv --quiet --clear --python $$each .tools/python && \
	  $(TOOLS)/uv pip install --quiet --python .tools/python --constraint constraints.txt --editable '.[$(OTHER)]' && \
	  .tools/python/bin/python -m pytest -q -m "not slow" $(SLICE) || exit 1; \
	done

# How fast, how much memory, beside the peers; hours. Set PLAUDIT_IMDB to the archive. The figures go to results/.
bench:
	$(MAKE) setup EXTRAS=all,dev,tensorflow,bench
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/text.py
	$(BIN)/python benchmarks/score.py
	$(BIN)/python benchmarks/kernels.py
	$(BIN)/python benchmarks/train.py --peers --repeats 3 --plot results/train.svg
	$(BIN)/python benchmarks/tutorial.py --whole
	$(BIN)/python benchmarks/floor.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/batch.py
	$(BIN)/python benchmarks/serve.py
	$(BIN)/python benchmarks/serve.py --overload
	$(BIN)/python benchmarks/serve.py --texts 1000000
	$(BIN)/python benchmarks/hostile.py
	$(BIN)/python benchmarks/hostile_files.py
	$(BIN)/python benchmarks/kills.py

# The documentation site, to site/; a broken link fails.
docs: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What the image installs, each package with its version and its hashes, from constraints.txt. Run it after changing either.
locks: .tools/.installed
	for names in serve serve-encoder; do \
	  $(TOOLS)/uv pip compile pyproject.toml $$(echo $$names | sed 's/-/ /g; s/[a-z]*/--extra &/g') --constraint constraints.txt \
	    --generate-hashes --python-version 3.12 --python-platform x86_64-manylinux_2_28 --no-emit-index-url --no-header \
	    --no-annotate --quiet --output-file requirements/$$names.txt || exit 1; \
	done

# A bill of materials of the image's packages (CycloneDX), to dist/.
sbom: .tools/.installed
	mkdir -p dist
	for names in serve serve-encoder; do \
	  $(TOOLS)/cyclonedx-py requirements requirements/$$names.txt --output-file dist/sbom-$$names.json || exit 1; \
	done

# Known advisories against the image's packages; asks the advisory service of the package index.
advisories: .tools/.installed
	$(TOOLS)/pip-audit --require-hashes --disable-pip --requirement requirements/serve.txt
	$(TOOLS)/pip-audit --require-hashes --disable-pip --requirement requirements/serve-encoder.txt

.tools/.installed:
	$(PYTHON) -m venv .tools
	$(TOOLS)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9 cyclonedx-bom==7.5.0 pip-audit==2.10.1
	touch $@

clean:
	rm -rf .coverage .tools $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
