# `make demo` shows the collection at work, `make test` runs every check.
# CONTRIBUTING.md says what each part does and needs.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
BUILD := build
COLLECTIONS := $(CURDIR)/$(BUILD)/collections
INSTALLED := $(COLLECTIONS)/ansible_collections/community/sematext
PYTEST := PYTHONPATH=tests python -m pytest
NOX := $(BUILD)/nox-venv/bin/nox
NOX_ARGS ?=
RECEIVER_ARGS ?=
# The Debian releases whose systemd `make soak` tries hooks on
SUITES ?= bullseye bookworm trixie
BENCH_ARGS ?=
BENCH_VENV ?= $(BUILD)/bench-venv
BENCH_PINS ?=
DOCS_VENV := $(BUILD)/docs-venv
RELEASE_VENV := $(BUILD)/release-venv

export PATH := $(BIN):$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(COLLECTIONS)
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help venv install demo test lint units integration compat molecule soak bench receiver clean
.PHONY: shellcheck workflows nodes callback-soak docs release-check publish release-venv github-release

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

venv: $(VENV)/.installed  ## Make the virtual environment with all that the tests need

$(VENV)/.installed: tests/requirements.txt tests/requirements-run.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

install: venv  ## Build the collection's artifact and install it into build/collections
	rm -rf $(BUILD)/dist
	$(BIN)/ansible-galaxy collection build --output-path $(BUILD)/dist --force >/dev/null
	$(BIN)/ansible-galaxy collection install $(BUILD)/dist/*.tar.gz --collections-path $(COLLECTIONS) --force --offline >/dev/null

demo: install  ## Run a playbook against a local receiver and a node with systemd, and show the events
	tests/demo/demo

test: lint molecule compat units integration  ## Run every check (about 45 minutes on 2 cores)

lint: install  ## Sanity, ansible-lint, types, formats, documentation, galaxy-importer
	ruff format --check plugins tests
	ruff check plugins tests
	cd $(COLLECTIONS) && mypy --config-file $(CURDIR)/pyproject.toml -p ansible_collections.community.sematext.plugins
	shellcheck -x roles/node_sender/files/deliver roles/node_sender/files/deployment roles/node_sender/files/service-event roles/node_sender/files/host-event
	shellcheck -x tests/checks/* tests/demo/demo tests/node/node .ci/run
	ansible-lint
	antsibull-changelog lint
	antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
	tests/checks/recipes
	tests/checks/galaxy
	tests/checks/sanity

units: install  ## Rules, client, spool and receiver, against real sockets
	$(PYTEST) tests/unit tests/receiver/tests

integration: install  ## Real ansible-playbook runs, and hooks on a real systemd
	$(PYTEST) tests/integration

compat: install $(NOX)  ## The oldest and the newest two ansible-cores (NOX_ARGS="-t all": every one, and all tests)
	OTHER_COLLECTIONS=$$(python -c 'import ansible_collections, os; print(os.path.dirname(list(ansible_collections.__path__)[0]))') \
		$(NOX) --noxfile noxfile.py $(NOX_ARGS)

# Of its own: it wants other versions of libraries than the linters do.
$(NOX):
	$(PYTHON) -m venv $(BUILD)/nox-venv
	$(BUILD)/nox-venv/bin/python -m pip install --quiet --disable-pip-version-check 'nox>=2024.4.15'

molecule: install  ## The roles on a booted systemd
	molecule test --all

soak: install  ## What takes long: kills at random moments, many runs at once, hooks on each Debian release (hours)
	$(PYTEST) tests/soak
	$(MAKE) compat NOX_ARGS="-t all"
	set -e; for suite in $(SUITES); do export NODE_SUITE=$$suite; \
		molecule test --all; $(PYTEST) -m "" tests/integration/nodes; done

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

shellcheck: venv  ## The shell scripts
	shellcheck -x $(addprefix roles/node_sender/files/,deliver deployment service-event host-event) \
		tests/checks/* tests/demo/demo tests/node/node .ci/run

workflows: venv  ## The workflows of .github, with actionlint, zizmor and their schemas
	tests/checks/workflows

nodes: install  ## All on one Debian release, with what takes long (NODE_SUITE=trixie)
	molecule test --all
	$(PYTEST) -m "" tests/integration/nodes

callback-soak: install  ## Kills at random moments, and many runs at once
	$(PYTEST) tests/soak

docs: install $(DOCS_VENV)/.installed  ## The pages of the plugins and roles as HTML, in build/docs/build/html
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
