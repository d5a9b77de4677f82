# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a newcomer sees first: `make demo`, without the steps before it that made this environment."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

# What the demo prints is looked at by several tests, and there is one node of its name.
pytestmark = pytest.mark.xdist_group("demo")
TOP = Path(__file__).resolve().parents[2]
LINE = re.compile(r"^(\d{4}-\d\d-\d\dT\S+Z)\s+(\S+)\s+(?:info|warning|error)\s+(\S+)\s+(\S.*)$", re.MULTILINE)


#: Of each deployment of the demo, what the timeline shows between the start and the end of its run.
DEPLOYMENTS = [
    ["Deploying search 1.0 to demo", "Starting", "Deployed search 1.0 to demo"],
    ["Deploying search 1.1 to demo", "Stopped", "Starting", "Deployed search 1.1 to demo"],
    [
        "Deploying search 1.2 to demo", "Stopped", "Starting",
        "Elasticsearch failed to start on node es-node-1: exit code 1", "Deployment of search 1.2 to demo failed",
    ],
    ["Rolling back search to 1.1 in demo", "Starting", "Rolled back search to 1.1 in demo"],
]  # fmt: skip
BUILT = 3


@pytest.fixture(scope="module")
def shown():
    """What the demo prints."""
    done = subprocess.run([str(TOP / "tests/demo/demo")], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_ends_with_a_timeline_of_builds_deployments_and_what_they_did(shown):
    events = LINE.findall(shown)
    expected = [
        ("ansible_run", "Playbook site.yml started"),
        ("infrastructure", "es-node-1 changed: Report the starts and stops of Elasticsearch"),
        ("ansible_run", "Playbook site.yml succeeded"),
    ]
    for number, steps in enumerate(DEPLOYMENTS):
        ok = not any("failed" in step for step in steps)
        if number < BUILT:
            expected.append(("build", "Build of acme/search succeeded"))
        expected.append(("ansible_run", "Playbook deploy.yml started"))
        expected += [_event(step) for step in steps]
        expected += [] if ok else [("ansible_failure", "es-node-1 failed: Fail all the same")]
        expected.append(("infrastructure", "es-node-1 changed: Deploy the search"))
        expected.append(("ansible_run", f"Playbook deploy.yml {'succeeded' if ok else 'failed'}"))
    assert [(kind, title) for _time, kind, _host, title in events] == expected
    assert [time for time, *_rest in events] == sorted(time for time, *_rest in events)
    assert {host for _time, kind, host, _title in events if kind.startswith("server_")} == {"es-node-1"}


def test_the_demo_leads_from_a_failed_start_to_the_commit(shown):
    story = shown[
        shown.index("Show what belongs to the deployment") : shown.index("PLAY RECAP", shown.index("Show what"))
    ]
    for text in (
        "Deploying search 1.2 to demo on 1 host at [", "Stopped Elasticsearch on node es-node-1",
        "Elasticsearch failed to start on node es-node-1: exit code 1", "Deployment of search 1.2 to demo failed",
        "https://github.com/acme/search/compare/", "End where the index is <old>",
    ):  # fmt: skip
        assert text in story


def test_the_demo_leaves_no_node_behind(shown):
    nodes = subprocess.run([str(TOP / "tests/node/node"), "list"], capture_output=True, text=True, check=True)
    assert "community-sematext-demo" not in nodes.stdout


def _event(step):
    titles = {
        "Starting": "Starting Elasticsearch on node es-node-1",
        "Stopped": "Stopped Elasticsearch on node es-node-1",
    }
    kinds = {"Starting": "server_start", "Stopped": "server_stop", "Elasticsearch": "server_start_failed"}
    return kinds.get(step.split()[0], "deployment"), titles.get(step, step)
