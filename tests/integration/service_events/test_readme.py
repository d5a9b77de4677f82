# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's README, defaults and argument specification say the same. Needs no node."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROLE = Path(__file__).resolve().parents[3] / "roles" / "service_events"
OPTIONS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
DEFAULTS = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
README = (ROLE / "README.md").read_text()


def table(options: dict[str, Any]) -> str:
    """The options as a table, as the README has to show it."""
    return "\n".join(
        [
            "| variable | type | default | meaning |",
            "|---|---|---|---|",
            *(row(*item) for item in options.items()),
        ]
    )


def row(name: str, option: dict[str, Any]) -> str:
    default = f"`{json.dumps(option['default'])}`" if "default" in option else ""
    default = "**required**" if option.get("required") else default
    kind = {"raw": "bool or dict", "list": f"list of {option.get('elements')}"}.get(option["type"], option["type"])
    text = option["description"]
    text = " ".join(text if isinstance(text, list) else [text])
    text = re.sub(r"O\(community\.sematext\.event#module:(\w+)\)", r"the option `\1` of the module `event`", text)
    text = re.sub(r"[CEOV]\((?:service_events_services\[\]\.)?([^)]*)\)", r"`\1`", text)
    return f"| `{name}` | {kind} | {default} | {text} |"


def test_the_readme_has_a_row_for_each_variable() -> None:
    assert table(OPTIONS) in README
    assert table(OPTIONS["service_events_services"]["options"]) in README


def test_each_variable_has_a_default_and_each_default_is_specified() -> None:
    assert DEFAULTS.keys() == OPTIONS.keys()


def test_defaults_are_those_of_the_specification() -> None:
    computed = ("service_events_region", "service_events_event_receiver_url", "service_events_node")
    for name, option in OPTIONS.items():
        assert name in computed or DEFAULTS[name] == option["default"], name
