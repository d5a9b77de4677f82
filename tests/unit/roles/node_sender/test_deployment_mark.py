# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events carry the deployment that is under way on the node."""

from __future__ import annotations

import json

import pytest
from shell import UNIT, Node

FOUR_HOURS = 14400


def deployment_of_an_event(node: Node) -> str | None:
    """Record an event, and look at it."""
    assert node.run("service-event", "start", UNIT, INVOCATION_ID="1").returncode == 0
    (file,) = node.files("new")
    event = json.loads(file.read_text().splitlines()[1])
    file.unlink()
    assert event["message"] == "Starting Probe"
    return event.get("deployment.id")


def test_an_event_carries_the_deployment_until_it_is_over(node: Node) -> None:
    assert node.run("deployment", "deploy-7").returncode == 0
    assert deployment_of_an_event(node) == "deploy-7"
    assert node.run("deployment", "deploy_8").returncode == 0
    assert deployment_of_an_event(node) == "deploy_8"
    assert node.run("deployment").returncode == 0
    assert deployment_of_an_event(node) is None


@pytest.mark.parametrize(
    ("seconds", "deployment"), [(FOUR_HOURS - 1, "deploy-7"), (FOUR_HOURS, None)], ids=["holds", "is void"]
)
def test_a_mark_that_nobody_took_away_within_four_hours(seconds: int, deployment: str | None, node: Node) -> None:
    node.run("deployment", "deploy-7")
    node.uptime(1000 + seconds)
    assert deployment_of_an_event(node) == deployment


@pytest.mark.parametrize(
    "mark",
    [
        "deploy-7 1\n",
        "deploy-7\n",
        "deploy-7 x\n",
        '"} 99999999999\n',
        "\n",
        "",
        " 99999999999\n",
        "a b 99999999999\n",
        "deploy-7 99999999999",
    ],
    ids=[
        "over",
        "no end",
        "an end that is none",
        "an id that is none",
        "an empty line",
        "empty",
        "no id",
        "three words",
        "torn",
    ],
)
def test_a_mark_that_is_over_or_broken_costs_no_event(mark: str, node: Node) -> None:
    node.mark.write_text(mark)
    assert deployment_of_an_event(node) is None


@pytest.mark.parametrize("ident", ["a b", '"}', "a/b", "$x", "\u00fc"])
def test_what_is_no_id_is_refused_and_changes_no_mark(ident: str, node: Node) -> None:
    node.run("deployment", "deploy-7")
    done = node.run("deployment", ident)
    assert done.returncode == 2
    assert f"'{ident}' is no id of a deployment" in done.stderr
    assert deployment_of_an_event(node) == "deploy-7"


def test_taking_away_what_is_not_there_is_no_failure(node: Node) -> None:
    done = node.run("deployment")
    assert (done.returncode, done.stderr) == (0, "")
