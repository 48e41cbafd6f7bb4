# Every command of this project; `make` alone lists them. Needs Python 3.10 or newer, make and git.

VENV := .venv
BIN := $(VENV)/bin
DEV_HOME ?= .tools/dev-home

# Tests start hundreds of processes: each would compile the package anew where this is set, as in images of containers.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help quickstart dev test pytest coverage test-cluster test-indexed test-deep check web e2e pictures schema docs signatures bench soak constraints official-client model-libraries audit weaknesses space release clean

APP := src/apportion/server/_web/index.html
APP_SOURCES := $(shell find web/src web/public -type f) web/index.html web/vite.config.ts web/package-lock.json

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | while IFS=@ read -r name what; do \
		printf '%-24s %s\n' "$$name" "$$what"; done

quickstart: ## start the server on http://localhost:6900 with a demo team and data (CLUSTER=3: three on PostgreSQL)
	@$(MAKE) --no-print-directory -j2 $(VENV)/.$(if $(CLUSTER),dev,server) $(APP)
	$(if $(CLUSTER),sh tools/cluster.sh $(CLUSTER),$(BIN)/apportion quickstart)

dev: $(VENV)/.dev $(APP) ## start the server on throw-away data of its own (DEV_HOME=.tools/dev-home)
	APPORTION_HOME=$(DEV_HOME) $(BIN)/apportion quickstart --no-browser

test: ## everything that has to pass, and what each phase of it took
	@$(MAKE) --no-print-directory -j3 $(VENV)/.dev $(APP) official-client
	@sh tools/web.sh $(VENV) install
	@$(BIN)/python tools/all_tests.py

pytest: $(VENV)/.dev $(APP) ## all tests in Python, on all cores
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder

coverage: $(VENV)/.dev $(APP) ## which lines the tests and journeys run, every process counted, against a floor for each package
	rm -rf .tools/coverage && mkdir -p .tools/coverage
	-COVERAGE_FILE=$(CURDIR)/.tools/coverage/data $(BIN)/python -m coverage run --rcfile tools/coverage.ini -m pytest -n auto --dist loadscope --no-loadscope-reorder
	COVERAGE_PROCESS_START=$(CURDIR)/tools/coverage.ini COVERAGE_FILE=$(CURDIR)/.tools/coverage/data $(MAKE) e2e
	$(BIN)/python -m coverage combine --rcfile tools/coverage.ini --quiet
	$(BIN)/python -m coverage json --rcfile tools/coverage.ini --quiet -o .tools/coverage/report.json
	$(BIN)/python tools/coverage_floors.py .tools/coverage/report.json

ON_ANY_STORE := tests/server tests/official_client $(addprefix tests/robustness/test_, \
	blindness.py caps_over_http.py permissions_beyond.py permissions_of_datasets.py plans_over_http.py queue_over_http.py schemathesis.py)

test-cluster: $(VENV)/.dev $(APP) official-client ## all tests over HTTP on PostgreSQL, and those of PostgreSQL itself
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder --store postgres $(ON_ANY_STORE)
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder tests/postgres tests/cluster tests/contract

test-indexed: $(VENV)/.dev $(APP) official-client ## all tests over HTTP with every dataset in OpenSearch, and those of OpenSearch itself
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder --store postgres-opensearch $(ON_ANY_STORE)
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder tests/opensearch tests/contract

test-deep: $(VENV)/.dev $(APP) official-client ## all tests in Python with more examples and rounds, and those that take long (an hour)
	DEEP=1 $(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder -m 'not soak'

check: $(VENV)/.dev ## the fast part: style, types, walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

web: $(VENV)/.dev ## the web app: style, types, unit tests; are its types of the API current?
	@sh tools/web.sh $(VENV) check

e2e: $(VENV)/.dev $(APP) ## journeys through the web app in a real browser, against a real server
	@sh tools/web.sh $(VENV) e2e

pictures: $(VENV)/.dev $(APP) ## take the documentation's pictures of the web app anew
	@sh tools/web.sh $(VENV) pictures

schema: $(VENV)/.dev ## write the web app's types of the HTTP API anew
	@sh tools/web.sh $(VENV) schema

docs: $(VENV)/.dev ## build the documentation into docs/_build; a warning is an error
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

signatures: $(VENV)/.dev ## write the Python reference page and the list of public signatures anew
	$(BIN)/python tools/python_client.py

bench: $(VENV)/.dev $(APP) ## measure everything and write docs/benchmarks.md (BENCH=--quick or --full)
	$(BIN)/python -m benchmarks $(BENCH) --keep

soak: $(VENV)/.dev $(APP) ## the tests that take long: a team for ten minutes, a hundred crashes, hunts (an hour or two)
	$(BIN)/python -m pytest -s -m soak
	LOAD_SECONDS=60 KILLS=5 $(BIN)/python -m pytest -s tests/robustness/test_load.py tests/robustness/test_kill_plans.py
	HYPOTHESIS_EXAMPLES=200 SCHEMATHESIS_EXAMPLES=100 $(BIN)/python -m pytest -o timeout=3600 \
		tests/robustness/test_blindness.py tests/robustness/test_plans_over_http.py \
		tests/robustness/test_queue_over_http.py tests/robustness/test_caps_over_http.py \
		tests/robustness/test_schemathesis.py \
		tests/storage/test_engine_properties.py tests/contract/test_contract_search_properties.py \
		tests/contract/test_contract_queue_properties.py

official-client: $(VENV)/.web ## build the environment of the 1.6.0 client, once, outside the checkout
	@$(BIN)/python tools/official_client.py

model-libraries: $(VENV)/.dev ## build the environment of torch, transformers and SetFit (6 GB), once, outside the checkout
	@$(BIN)/python tools/model_libraries.py

constraints: ## look for newer versions of everything and pin them in constraints.txt
	@sh tools/pin.sh

audit: $(VENV)/.dev ## look for known weaknesses in what we build on, and lint what is deployed; needs a network
	@sh tools/audit.sh $(VENV)

weaknesses: $(VENV)/.dev
	@sh tools/audit.sh $(VENV) --where-reachable

space: $(VENV)/.dev $(APP) ## put a Hugging Face Space together in dist/space
	@sh tools/space.sh $(VENV)

release: $(VENV)/.dev $(APP) ## make a release of VERSION=x.y.z: version, changelog, wheel, tag (DRY=1 tries it in a copy)
	@$(BIN)/python tools/release.py $(VERSION) $(if $(DRY),--dry-run)

clean: ## remove the environment and everything built
	rm -rf $(VENV) .tools web/node_modules src/apportion/server/_web dist build docs/_build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Node comes first: the web app and the official client can be installed while pip still installs the rest
$(VENV)/.web: pyproject.toml constraints.txt
	@sh tools/install.sh $(VENV) --group web
	@touch $@

$(VENV)/.server: pyproject.toml constraints.txt | $(VENV)/.web
	@sh tools/install.sh $(VENV) -e '.[server]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/.web
	@sh tools/install.sh $(VENV) -e '.[server]' --group dev --group docs
	@touch $(VENV)/.server $@

$(APP): $(VENV)/.web $(APP_SOURCES)
	@sh tools/web.sh $(VENV) build
	@touch $@
