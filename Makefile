# Two commands on a fresh machine with Python 3.11: `make demo` and `make test`.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(abspath $(BIN))/python
RUN := .done-run
DEV := .done-dev

.PHONY: demo test full check bench messages screenshots clean

demo: $(RUN)
	$(PY) manage.py demo

# The long fault tests (workers killed a hundred times, tokens raced for, queues taken apart) and the journeys in a browser run
# only where CI says that the machine is there for nothing else; `make full` runs them anywhere. They wait more than they work:
# three files side by side. In CI a test that fails beside another gets the machine for itself once, for some are held against
# the clock; both ends are printed, and what fails twice has failed.
FAST := -m "not slow and not browser"
LONG := -m "slow or browser"
BESIDE := --dist loadfile --no-loadscope-reorder
ALONE := --last-failed --last-failed-no-failures none

test: $(DEV)
ifndef CI
	$(PY) -m pytest -n 2 $(BESIDE) $(FAST)
else
	$(PY) -m pytest -n 2 $(BESIDE) $(FAST) || $(PY) -m pytest $(ALONE) $(FAST)
	$(PY) -m pytest -n 3 $(BESIDE) --durations 10 $(LONG) || $(PY) -m pytest $(ALONE) $(LONG)
endif

full: $(DEV)
	$(MAKE) test CI=true

check: $(DEV)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check
	$(PY) -m tests.tools.translations
	$(PY) -m tests.tools.imports
	$(PY) -m tests.tools.deploy

bench: $(DEV)
	$(PY) -m benchmarks.run
	$(PY) -m benchmarks.matching
	$(PY) -m benchmarks.run --pair shop --no-limits --orders 2000 --buyers 400
	$(PY) -m benchmarks.run --pair garage --no-limits --orders 500 --buyers 100 --slice 30
	$(PY) -m benchmarks.run --pair agency --no-limits --orders 500 --buyers 100 --slice 30
	$(PY) -m benchmarks.run --pair crm
	$(PY) -m benchmarks.intake

messages: $(DEV)
	$(PY) -m tests.tools.translations --update

screenshots: $(DEV)
	$(PY) -m tests.tools.screenshots

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or name it with make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements.txt | $(BIN)/python
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt
	touch $@

$(DEV): requirements.txt requirements-dev.txt | $(BIN)/python
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	touch $(RUN) $@

clean:
	rm -rf $(VENV) $(RUN) $(DEV) data staticfiles .pytest_cache .mypy_cache .ruff_cache
