# `make demo` shows the collection at work; `make check`, `make test` and `make test-all` are the three tiers of tests.
# CONTRIBUTING.md says what each part does and needs.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
BUILD := build
COLLECTIONS := $(CURDIR)/$(BUILD)/collections
INSTALLED := $(COLLECTIONS)/ansible_collections/community/sematext
# Tests run in any order, and side by side: most of what they do is waiting. SEED=... repeats an order.
SEED := $(or $(SEED),$(shell date +%s))
WORKERS := $(or $(WORKERS),$(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN)))
PYTEST_ARGS := --randomly-seed=$(SEED) --numprocesses=$(WORKERS) --dist=loadgroup
PYTEST := PYTHONPATH=tests python -m pytest $(PYTEST_ARGS)
NOX := $(BUILD)/nox-venv/bin/nox
NOX_ARGS ?=
RECEIVER_ARGS ?=
# The Debian releases whose systemd `make test-all` tries hooks on
SUITES ?= bullseye bookworm trixie
BENCH_ARGS ?=
BENCH_VENV ?= $(BUILD)/bench-venv
BENCH_PINS ?=
DOCS_VENV := $(BUILD)/docs-venv
RELEASE_VENV := $(BUILD)/release-venv

export PATH := $(BIN):$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(COLLECTIONS)
export PYTHONDONTWRITEBYTECODE := 1
export SEED WORKERS

.DEFAULT_GOAL := help
.PHONY: help venv install demo check test test-all static shellcheck workflows units busybox sanity lint integration
.PHONY: nodes molecule compat soak coverage bench receiver docsite release-check publish release-venv github-release clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

venv: $(VENV)/.installed  ## Make the virtual environment with all that the tests need

$(VENV)/.installed: tests/requirements.txt tests/requirements-run.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

install: $(INSTALLED)/MANIFEST.json  ## Build the collection's artifact and install it into build/collections

# Folders count, too: their times change when a file goes.
$(INSTALLED)/MANIFEST.json: $(VENV)/.installed galaxy.yml $(shell find README.md CHANGELOG.md CONTRIBUTING.md COPYING changelogs docs extensions meta playbooks plugins roles)
	rm -rf $(BUILD)/dist
	$(BIN)/ansible-galaxy collection build --output-path $(BUILD)/dist --force >/dev/null
	$(BIN)/ansible-galaxy collection install $(BUILD)/dist/*.tar.gz --collections-path $(COLLECTIONS) --force --offline >/dev/null
	touch $@

demo: install  ## Run a playbook against a local receiver and a node with systemd, and show the events
	tests/demo/demo

# --- the tiers: each holds the one before ---------------------------------------------------------------------

check: static units  ## Before a commit: formats, types, shellcheck, workflows, unit tests

test: check  ## Before a push: check, sanity, ansible-lint, playbook runs, one node, the demo
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target sanity lint
	$(MAKE) --no-print-directory integration

test-all: test  ## Before a release: test, and all the rest; hours
	$(MAKE) --no-print-directory compat NOX_ARGS="-t all"
	set -e; for suite in $(SUITES); do $(MAKE) --no-print-directory nodes NODE_SUITE=$$suite; done
	$(MAKE) --no-print-directory soak

# --- their parts ----------------------------------------------------------------------------------------------

static: install shellcheck workflows  ## Formats, types, shellcheck, workflows
	ruff format --check plugins tests
	ruff check plugins tests
	cd $(COLLECTIONS) && mypy --config-file $(CURDIR)/pyproject.toml -p ansible_collections.community.sematext.plugins

shellcheck: venv  ## The shell scripts
	shellcheck -x $(addprefix roles/node_sender/files/,deliver deployment service-event host-event) \
		tests/checks/* tests/demo/demo tests/node/node .ci/run

workflows: venv  ## The workflows of .github, with actionlint, zizmor and their schemas
	tests/checks/workflows

units: venv busybox  ## Rules, client, spool and receiver, against real sockets
	$(PYTEST) tests/unit tests/receiver/tests

# The programs of nodes run under each POSIX shell that is there; this one is often missing.
busybox:
	@command -v busybox >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || \
		{ apt-get update && apt-get install --yes --no-install-recommends busybox; } >/dev/null

sanity: install  ## ansible-test sanity
	tests/checks/sanity

lint: install  ## ansible-lint, documentation, changelog, recipes, galaxy-importer
	ansible-lint
	antsibull-changelog lint
	antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
	tests/checks/recipes
	tests/checks/galaxy

integration: install  ## Real ansible-playbook runs, one node with a real systemd, the demo
	$(PYTEST) tests/integration

nodes: molecule  ## All tests on nodes, with every fault (NODE_SUITE=trixie: on Debian 13)
	$(PYTEST) -m '' tests/integration/nodes

compat: install $(NOX)  ## The oldest and the newest two ansible-cores (NOX_ARGS="-t all": every one, and all tests)
	OTHER_COLLECTIONS=$$(python -c 'import ansible_collections, os; print(os.path.dirname(list(ansible_collections.__path__)[0]))') \
		$(NOX) --noxfile noxfile.py $(NOX_ARGS)

# Of its own: it wants other versions of libraries than the linters do.
$(NOX):
	$(PYTHON) -m venv $(BUILD)/nox-venv
	$(BUILD)/nox-venv/bin/python -m pip install --quiet --disable-pip-version-check 'nox>=2024.4.15'

molecule: install  ## The roles on a booted systemd
	molecule test --all

soak: install  ## Playbook runs that take long: kills at random moments, many runs at once, recipes
	$(PYTEST) -m full tests/soak tests/integration --ignore tests/integration/nodes

# What nodes run is shell, which this can't measure.
coverage: install  ## Which lines and branches of plugins/ the tests of `make test` reach, in every process they start
	rm -rf $(BUILD)/coverage
	mkdir -p $(BUILD)/coverage
	PYTHONPATH=tests coverage run -m pytest $(PYTEST_ARGS) tests/unit tests/receiver/tests
	PYTHONPATH=tests coverage run -m pytest $(PYTEST_ARGS) tests/integration
	coverage combine --quiet
	rm -f $(BUILD)/coverage/data.* # of processes that were killed while they wrote
	coverage report --omit="**/*.zip/**"

bench: install $(BENCH_VENV)/.installed  ## What the callback, an event and a hook cost, beside the peers
	python tests/bench/hook_cost.py
	$(BENCH_VENV)/bin/python tests/bench/callback_cost.py $(BENCH_ARGS)

# Of its own: the peers' libraries are none of the tests' business, and each makes ansible-playbook's start longer.
$(BENCH_VENV)/.installed: tests/bench/requirements.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/bench/requirements.txt $(BENCH_PINS)
	touch $@

receiver: venv  ## Run the local receiver (RECEIVER_ARGS="--help" lists its options)
	PYTHONPATH=tests $(BIN)/python -m receiver $(RECEIVER_ARGS)

docsite: install $(DOCS_VENV)/.installed  ## The pages of the plugins and roles as HTML, in build/docs/build/html
	rm -rf $(BUILD)/docs
	mkdir -m 700 $(BUILD)/docs
	export PATH="$(CURDIR)/$(DOCS_VENV)/bin:$$PATH"; \
		antsibull-docs sphinx-init --use-current --squash-hierarchy --fail-on-error --lenient --dest-dir $(BUILD)/docs \
		--project community.sematext --title community.sematext --copyright 'the community.sematext authors' \
		community.sematext >/dev/null && $(BUILD)/docs/build.sh

# Of its own: its theme wants another version of Sphinx than the linters do.
$(DOCS_VENV)/.installed: tests/requirements-docs.txt
	$(PYTHON) -m venv $(DOCS_VENV)
	$(DOCS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/requirements-docs.txt
	touch $@

release-check: venv  ## Whether what is checked out may be released as $TAG
	python tests/release.py

# What only .github/workflows/release.yml runs: it publishes build/dist on Galaxy, with the server and the token in the
# environment as ANSIBLE_GALAXY_SERVER_*. Nothing but ansible-core is installed where the token is.
publish: $(RELEASE_VENV)/.installed
	$(RELEASE_VENV)/bin/ansible-galaxy collection publish $(BUILD)/dist/*.tar.gz

release-venv: $(RELEASE_VENV)/.installed

$(RELEASE_VENV)/.installed:
	$(PYTHON) -m venv $(RELEASE_VENV)
	$(RELEASE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check ansible-core
	touch $@

github-release:
	gh release create "$$TAG" $(BUILD)/dist/*.tar.gz --verify-tag --title "$$TAG" \
		--notes "See the [changelog](https://github.com/ansible-collections/community.sematext/blob/$$TAG/CHANGELOG.md)."

clean:  ## Remove all that make has made
	rm -rf $(BUILD) $(VENV)
