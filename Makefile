# Everything a person or CI does here. `make help` lists it.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
export PYTHONPATH := $(CURDIR)
# A start of the stack is half as long with its modules compiled.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-bench model-embedding run test test-chaos test-torchserve coverage e2e lint bench screenshots pictures requirements model clean

help:  ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup:  ## make the virtual environment, install pinned requirements, convert the embedding model
	@$(PYTHON) scripts/setup.py --venv $(VENV) --requirements base

setup-dev:
	@$(PYTHON) scripts/setup.py --venv $(VENV) --requirements dev

setup-bench:
	@$(PYTHON) scripts/setup.py --venv $(VENV) --requirements bench

model: setup  ## fetch the optional language model (1.1 GB), or take yours: make model GGUF=/path/file.gguf [COPY=1]
	@$(PY) scripts/language_model.py $(if $(GGUF),--gguf "$(GGUF)" $(if $(COPY),--copy))

run: setup  ## start everything on this machine: make run [PYTHON=python3.13] [ARGS="--port 9000"]
	@exec $(PY) manage.py up $(ARGS)

test: setup-dev  ## run every test but those in a browser and on whole stacks, against a PostgreSQL and a Valkey of its own
	@$(PY) -m pytest -n 2 --dist worksteal -m "not e2e and not chaos and not torchserve" \
	    --ignore=tests/e2e --ignore=tests/torchserve --ignore=tests/inference/chaos $(ARGS)

coverage:  ## the same with lines counted and more examples, which takes twice as long: fails below 90 %
	@$(MAKE) test ARGS="--hypothesis-profile=thorough --cov --cov-report=term:skip-covered $(ARGS)"

e2e: setup-dev  ## run the tests in a real browser (needs Debian's chromium)
	@$(PY) -m pytest -m e2e $(ARGS)

test-chaos: setup-dev  ## kill and load whole stacks: processes, Valkey, PostgreSQL, providers; a thousand streams
	@$(PY) -m pytest -m chaos $(ARGS)

test-torchserve: setup-dev  ## run the tests against the real TorchServe (needs Java 17; makes it an environment in var/peers)
	@$(PY) -m pytest -m torchserve $(ARGS)

lint: setup-dev  ## ruff, mypy, import-linter, bandit, pip-audit, and that no migration is missing
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-cache
	@DJANGO_SETTINGS_MODULE=config.settings.test $(PY) -W ignore manage.py makemigrations --check --dry-run
	@$(VENV)/bin/bandit -q -c pyproject.toml -r apps config scripts manage.py
	@$(PY) scripts/audit_packages.py

# Those over very many functions take their own time: benchmarks.search_large and benchmarks.search_postgres.
bench: setup-bench  ## measure search and inference, and make their pages (docs/search.md, docs/inference-figures.md)
	@for name in embedding quality search_mixed shipped "search_report --sets short" "search_tuning confidence" peers search_speed \
	    sweep_speed http_search http_keys sweep_verdicts gateway semantic_cache semantic_level semantic_recheck \
	    $(if $(wildcard var/models/language_model/manifest.json),local_model) page; do \
	  echo "== benchmarks.$$name"; $(PY) -m benchmarks.$$name || exit; done

screenshots: setup-dev  ## make the pictures of the docs again
	@$(PY) docs/screenshots.py $(ARGS)

pictures: setup-dev  ## a picture of every page, in both themes, on a desk and on a phone, into screenshots/
	@PICTURES=screenshots $(PY) -m pytest -m e2e tests/e2e/test_accessibility.py $(ARGS)

requirements:  ## compile requirements/*.in with hashes (needs uv)
	@for name in base dev prod bench litellm; do \
	  uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links -o requirements/$$name.txt requirements/$$name.in; done
	@for name in model referee language_model language_server; do \
	  uv pip compile -q --no-deps --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links -o requirements/$$name.txt requirements/$$name.in; done

clean:  ## remove the virtual environment, the state of this checkout and what tools left
	@rm -rf $(VENV) var staticfiles htmlcov .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
