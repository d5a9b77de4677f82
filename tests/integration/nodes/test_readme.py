# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each role's README, defaults and argument specification say the same. Needs no node."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
pytestmark = pytest.mark.smoke
PUBLIC = ["service_events", "host_events"]


def options_of(role: str) -> dict[str, Any]:
    specification = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())
    return specification["argument_specs"]["main"]["options"]


def defaults_of(role: str) -> dict[str, Any]:
    return yaml.safe_load((ROLES / role / "defaults/main.yml").read_text())


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


@pytest.mark.parametrize("role", PUBLIC)
def test_the_readme_has_a_row_for_each_variable(role: str) -> None:
    readme = (ROLES / role / "README.md").read_text()
    assert table(options_of(role)) in readme
    if role == "service_events":
        assert table(options_of(role)["service_events_services"]["options"]) in readme


@pytest.mark.parametrize("role", PUBLIC)
def test_each_variable_has_a_default_and_each_default_is_specified(role: str) -> None:
    assert defaults_of(role).keys() == options_of(role).keys()


@pytest.mark.parametrize("role", PUBLIC)
def test_defaults_are_those_of_the_specification(role: str) -> None:
    computed = [f"{role}_{name}" for name in ("region", "event_receiver_url", "node")]
    for name, option in options_of(role).items():
        assert name in computed or defaults_of(role)[name] == option["default"], name
