# The two commands: `make demo` and `make test`. Both make .venv and install pinned versions into it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test fuzz check clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local,hosted,imports,docs,vectors,tables,write,extract,serve,sandbox,dev]'
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/strati demo

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

fuzz: $(STAMP)
	STRATI_HYPOTHESIS=fuzz $(BIN)/python -m pytest -m hypothesis

check: $(STAMP)
	$(BIN)/ruff check src tests benchmarks examples docs
	$(BIN)/ruff format --check src tests benchmarks examples docs
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

clean:
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache
