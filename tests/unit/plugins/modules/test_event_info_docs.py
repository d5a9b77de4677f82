# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation of `event_info` says is what the code does."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.community.sematext.plugins.action import event_info as action
from ansible_collections.community.sematext.plugins.doc_fragments._sematext import ModuleDocFragment
from ansible_collections.community.sematext.plugins.module_utils import _argspec, _options
from ansible_collections.community.sematext.plugins.modules import event_info
from ansible_collections.community.sematext.plugins.plugin_utils import _query, _search

DOCS = yaml.safe_load(event_info.DOCUMENTATION)
FRAGMENTS = [yaml.safe_load(text)["options"] for text in (ModuleDocFragment.DOCUMENTATION, ModuleDocFragment.API_KEY)]
DOCUMENTED = {**FRAGMENTS[0], **FRAGMENTS[1], **DOCS["options"]}
SPEC = _argspec.event_info_argument_spec()
SAME = ("type", "default", "choices", "elements", "required")


def test_the_module_documents_each_option_and_no_other():
    assert set(DOCUMENTED) == set(SPEC)


@pytest.mark.parametrize("option", SPEC)
def test_the_documentation_of_an_option_is_its_specification(option):
    documented, spec = DOCUMENTED[option], SPEC[option]
    assert {key: documented[key] for key in SAME if key in documented} == {
        key: spec[key] for key in SAME if key in spec
    }


def test_the_key_is_kept_out_of_logs_and_its_variables_are_documented():
    assert SPEC["api_key"]["no_log"] is True
    assert all(f"E({name})" in str(FRAGMENTS[1]["api_key"]) for name in _options.KEY_VARIABLES.values())


def test_documented_limits_are_the_limits():
    size = str(DOCS["options"]["size"])
    assert f"from 0 to {action.MAX_SIZE}, or to {_search.WINDOW} if" in size
    assert f"answer of {_search.MAX_ANSWER // 1024**2} MiB or more" in size
    assert f"of {_search.MAX_ANSWERS // 1024**2} MiB with all its pages" in size
    assert f"page of up to {_search.PAGE} events" in str(DOCS["description"])


def test_documented_orders_and_spans_are_understood():
    words = str(DOCS["options"]["sort"])
    assert all(
        f"V({value})" in words and _query.order("sort", value) for value in ("newest", "oldest", "duration:desc")
    )
    spans = ("90s", "30m", "2h", "7d", "4w")
    assert all(f"V({span})" in str(DOCS["options"]["since"]) and _query.clauses({"since": span}) for span in spans)


def test_the_attributes_that_the_documentation_shows_are_the_fragments():
    assert "community.sematext._sematext.api_key" in DOCS["extends_documentation_fragment"]
    assert "community.sematext._attributes.actiongroup_sematext" in DOCS["extends_documentation_fragment"]
