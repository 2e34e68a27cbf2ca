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

# The long fault tests (workers killed a hundred times, tokens raced for, queues taken apart) run only where CI says that the
# machine is there for nothing else; `make full` runs them anywhere. They wait more than they work: two files side by side.
test: $(DEV)
	$(PY) -m pytest -n 2 --dist loadfile -m "not slow"
ifdef CI
	$(PY) -m pytest -n 2 --dist loadfile -m slow
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
