# `make demo` shows the collection at work, `make test` runs every check.
# CONTRIBUTING.md says what each part does and needs.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
BUILD := build
COLLECTIONS := $(CURDIR)/$(BUILD)/collections
INSTALLED := $(COLLECTIONS)/ansible_collections/community/sematext
RECEIVER_ARGS ?=

export PATH := $(BIN):$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(COLLECTIONS)
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help venv install receiver clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

venv: $(VENV)/.installed  ## Make the virtual environment with all that the tests need

$(VENV)/.installed: tests/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

install: venv  ## Build the collection's artifact and install it into build/collections
	rm -rf $(BUILD)/dist
	$(BIN)/ansible-galaxy collection build --output-path $(BUILD)/dist --force >/dev/null
	$(BIN)/ansible-galaxy collection install $(BUILD)/dist/*.tar.gz --collections-path $(COLLECTIONS) --force --offline >/dev/null

receiver: venv  ## Run the local receiver (RECEIVER_ARGS="--help" lists its options)
	PYTHONPATH=tests $(BIN)/python -m receiver $(RECEIVER_ARGS)

clean:  ## Remove all that make has made
	rm -rf $(BUILD) $(VENV)
