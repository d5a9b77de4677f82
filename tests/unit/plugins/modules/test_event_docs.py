# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation says is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.community.sematext.plugins.doc_fragments import _attributes, _sematext
from ansible_collections.community.sematext.plugins.module_utils import _argspec, _event, _options, _version
from ansible_collections.community.sematext.plugins.modules import event

ROOT = Path(__file__).resolve().parents[4]
SAME = ("type", "default", "choices", "elements", "required")
MODULE, PLUGIN = (
    yaml.safe_load(text) for text in (_sematext.ModuleDocFragment.DOCUMENTATION, _sematext.ModuleDocFragment.PLUGIN)
)
DOCS = yaml.safe_load(event.DOCUMENTATION)
DOCUMENTED = {**MODULE["options"], **DOCS["options"]}
SPEC = _argspec.event_argument_spec()


def variables(spec):
    """The environment variables that an option falls back to."""
    return spec["fallback"][1] if "fallback" in spec else []


def test_the_module_documents_each_option_and_no_other():
    assert set(DOCUMENTED) == set(SPEC)


@pytest.mark.parametrize("option", SPEC)
def test_the_documentation_of_an_option_is_its_specification(option):
    documented, spec = DOCUMENTED[option], SPEC[option]
    assert {key: documented[key] for key in SAME if key in documented} == {
        key: spec[key] for key in SAME if key in spec
    }


@pytest.mark.parametrize("option", MODULE["options"])
def test_modules_and_plugins_have_the_same_connection_options(option):
    one, other = MODULE["options"][option], PLUGIN["options"][option]
    if option == "validate_certs":  # the callback itself checks the text: core would read a mistyped bool as false
        assert (other["type"], other["default"]) == ("str", str(one["default"]).lower())
    else:
        assert {key: one.get(key) for key in SAME} == {key: other.get(key) for key in SAME}
    assert set(MODULE["options"]) == set(PLUGIN["options"])


@pytest.mark.parametrize("option", MODULE["options"])
def test_modules_and_plugins_read_the_same_variables(option):
    (variable,) = [each["name"] for each in PLUGIN["options"][option]["env"]]
    assert variable == f"SEMATEXT_{option.upper()}"
    assert variables(SPEC[option]) == ([] if option in _options.TOKEN_VARIABLES else [variable])
    if option in _options.TOKEN_VARIABLES:
        assert _options.TOKEN_VARIABLES[option] == variable
    assert f"E({variable})" in str(MODULE["options"]["app_token" if option == "app_token_file" else option])


def test_the_token_cannot_be_set_in_a_configuration_file():
    assert "ini" not in PLUGIN["options"]["app_token"]
    assert all("ini" in PLUGIN["options"][option] for option in PLUGIN["options"] if option != "app_token")


def test_the_token_is_kept_out_of_logs():
    assert SPEC["app_token"]["no_log"] is True


def test_documented_limits_are_the_limits():
    text = event.DOCUMENTATION
    assert f"{_event.MAX_BYTES // 1024} KiB" in text
    assert f"default: {SPEC['retries']['default']}" in text
    assert tuple(DOCUMENTED["severity"]["choices"]) == _event.SEVERITIES


def test_refused_fields_are_documented():
    (text,) = [line for line in DOCS["options"]["fields"]["description"] if line.startswith("Refused")]
    named = set(re.findall(r"C\(([^)]+)\)", text))
    assert named == set(_event.RESERVED_FIELDS) - set(_event.OPTION_FIELDS.values())


def test_the_documented_result_is_an_event():
    sample = yaml.safe_load(event.RETURN)["event"]["sample"]
    names = {field: option for option, field in _event.OPTION_FIELDS.items()}
    own = {names[field]: value for field, value in sample.items() if field in names}
    rest = {field: value for field, value in sample.items() if field not in names and field != _event.EVENT_ID}
    assert _event.build({**own, "fields": rest}, event_id=sample["event.id"]) == sample


def test_the_version_is_that_of_the_collection():
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"] == _version.VERSION


def test_each_module_is_in_the_action_group_that_its_documentation_names():
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]
    membership = yaml.safe_load(_attributes.ModuleDocFragment.ACTIONGROUP_SEMATEXT)["attributes"]["action_group"]
    assert membership["membership"] == [f"community.sematext.{name}" for name in groups]
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__"}
    assert set(groups["sematext"]) == modules
    assert "community.sematext._attributes.actiongroup_sematext" in DOCS["extends_documentation_fragment"]
