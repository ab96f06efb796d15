# Everything runs in .venv, which the first verb that needs it makes; nothing is installed by hand.

VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip --disable-pip-version-check
# PYTHON=/path/to/python3.11 names the Python that makes .venv; left empty, the first that is new enough does.
PYTHON ?=
OUT    ?= out/demo
SERVE  ?= 1
PORT   ?= 8000
SIZE   ?= all
JOBS   ?= 2
ARGS   ?=
SYSTEM ?= 1

INSTALL := $(PIP) install $(if $(CI),--quiet) --constraint constraints.txt
SOURCES := $(shell find gridgeo -name '*.py' -o -name '*.toml')

# What a shell profile sets for another purpose must not reach the environment.
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help demo test lint format notebooks bench wheel constraints clean system FORCE

help:  ## say what the verbs do
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  settings: PYTHON=python3.11  SERVE=0  PORT=8000  OUT=folder  ARGS='-k word'  JOBS=2  SYSTEM=0  SIZE=small|2k|20k|100k|all"

demo: $(OUT)/.made  ## make the demonstration town, divide it, serve it (SERVE=0 ends after the files)
ifeq ($(SERVE),0)
	@echo "in $(OUT): town.db, plan.gpkg, map.html, audit.html"
else
	$(VENV)/bin/gridgeo serve $(OUT)/town.db --port $(PORT)
endif

test: $(VENV)/.test system  ## run every test (ARGS goes to pytest)
	$(PY) -m pytest -n $(JOBS) -o faulthandler_timeout=300 $(ARGS)

lint: $(VENV)/.lint  ## check style, form, types and the rooms' imports, each even when one fails
	@failed=0; \
	for check in "ruff check ." "ruff format --check ." mypy lint-imports; do \
	    echo "$$check"; $(VENV)/bin/$$check || failed=1; \
	done; exit $$failed

format: $(VENV)/.lint  ## bring the code into form
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

notebooks: $(VENV)/.test  ## run every notebook; the pictures are in out/notebooks
	$(PY) .ci/notebooks.py

bench: $(VENV)/.test  ## measure plan, audit, locate beside their peers (SIZE=small takes seconds)
	$(PY) benchmarks/run.py --size $(SIZE)

wheel: $(VENV)/.made  ## build the wheel into dist/
	rm -rf dist
	$(PIP) wheel --quiet --no-deps --wheel-dir dist .
	@ls dist

constraints: $(VENV)/.made  ## take the newest versions and pin them in constraints.txt
	$(PIP) install --upgrade --upgrade-strategy eager --editable '.[all]' --group test --group lint --group bench
	@echo '# The versions that .venv is made with; `make constraints` renews them. Python 3.11 to 3.14.' > constraints.txt
	$(PIP) freeze --exclude-editable | grep -E '^[A-Za-z0-9._-]+==' | LC_ALL=C sort -f >> constraints.txt

clean:  ## remove what the verbs made, except .venv
	rm -rf out dist build .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find gridgeo api tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(OUT)/.made: $(VENV)/.all $(SOURCES) $(if $(wildcard $(OUT)/town.db),,FORCE)
	$(VENV)/bin/gridgeo demo --out $(OUT)
	@touch $@

system:
	@sh .ci/system_packages $(if $(filter 0,$(SYSTEM)),look)

$(VENV)/.made: .ci/make_venv
	@sh .ci/make_venv $(VENV) $(PYTHON)
	@touch $@

$(VENV)/.all: $(VENV)/.made pyproject.toml constraints.txt
	$(INSTALL) --editable '.[all]'
	@touch $@

$(VENV)/.test $(VENV)/.lint: $(VENV)/.%: $(VENV)/.all
	$(INSTALL) --group $*
	@touch $@
