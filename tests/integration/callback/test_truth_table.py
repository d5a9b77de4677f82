# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The truth table: in each situation, the outcome of the run, the hosts that failed, and those that changed.

A line says what was played, and what was told of it. The words are those of test_stories.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from .reporting import Reporting, change, debug, fail, failures, only, play, unreachable


@dataclass(frozen=True)
class Line:
    """A situation, and the truth.

    :ivar failed: the hosts with failure events, and their tasks.
    :ivar changed: the hosts with change events, and how often a task changed them.
    """

    plays: list[dict[str, Any]]
    outcome: str
    failed: list[tuple[str, str]] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    hosts: int = 2
    arguments: tuple[str, ...] = ()


def meta(what: str, **keywords: Any) -> dict[str, Any]:
    return {"name": f"Meta {what}", "ansible.builtin.meta": what, **keywords}


def include(file: str, how: str = "include_tasks", **keywords: Any) -> dict[str, Any]:
    return {"name": "Include", f"ansible.builtin.{how}": file, **keywords}


ASYNC = {"vars": {"ansible_async_dir": "{{ playbook_dir }}/async"}}
BOTH = {"host1": 1, "host2": 1}
NOTIFY = change(notify="Restart")
TABLE = {
    "ok": Line([play(debug())], "succeeded"),
    "changed": Line([play(change())], "changed", changed=BOTH),
    "changed on one host": Line([play(change(**only("host2")))], "changed", changed={"host2": 1}),
    "failed": Line([play(fail(**only("host1")))], "failed", [("host1", "Fail here")]),
    "changed, then failed": Line(
        [play(change(), fail())], "failed", [("host1", "Fail here"), ("host2", "Fail here")], BOTH
    ),
    "rescued": Line([play({"block": [fail()], "rescue": [debug()]})], "succeeded"),
    "rescued by a change": Line([play({"block": [fail()], "rescue": [change()]})], "changed", changed=BOTH),
    "rescue fails": Line(
        [play({"block": [fail()], "rescue": [fail("Again")]}, hosts="host1")], "failed", [("host1", "Again")]
    ),
    "always runs": Line(
        [play({"block": [fail()], "always": [change("Clean up")]}, hosts="host1")],
        "failed",
        [("host1", "Fail here")],
        {"host1": 1},
    ),
    "ignored": Line([play(fail(ignore_errors=True))], "succeeded"),
    "a change that fails and is ignored": Line(
        [play({"name": "Try", "ansible.builtin.raw": "exit 3", "ignore_errors": True}, hosts="host1")],
        "changed",
        changed={"host1": 1},
    ),
    "all unreachable": Line([play(unreachable())], "unreachable", [("host1", "Reach out"), ("host2", "Reach out")]),
    "one unreachable": Line(
        [play(unreachable(**only("host1")), change())], "unreachable", [("host1", "Reach out")], {"host2": 1}
    ),
    "unreachable is ignored": Line([play(unreachable(ignore_unreachable=True))], "succeeded"),
    "unreachable and failed": Line(
        [play(unreachable(**only("host1")), fail(**only("host2")))],
        "failed",
        [("host1", "Reach out"), ("host2", "Fail here")],
    ),
    "no hosts matched": Line([play(change(), hosts="nobody")], "no_hosts"),
    "any_errors_fatal": Line(
        [play(change(), fail(**only("host2")), change(), any_errors_fatal=True)],
        "failed",
        [("host2", "Fail here")],
        BOTH,
    ),
    "max_fail_percentage": Line(
        [play(fail(**only("host1")), change(), max_fail_percentage=10)], "failed", [("host1", "Fail here")]
    ),
    "max_fail_percentage that is not reached": Line(
        [play(fail(**only("host1")), change(), max_fail_percentage=80)],
        "failed",
        [("host1", "Fail here")],
        {"host2": 1},
    ),
    "end_play": Line([play(change(), meta("end_play"), fail())], "changed", changed=BOTH),
    "end_host": Line([play(meta("end_host", **only("host1")), change())], "changed", changed={"host2": 1}),
    # Core counts the host as unreachable to the end, and so does its recap.
    "clear_host_errors": Line(
        [play(unreachable(**only("host1")), meta("clear_host_errors"), change())],
        "unreachable",
        [("host1", "Reach out")],
        BOTH,
    ),
    "serial": Line(
        [play(change(), serial=1)], "changed", changed={f"host{number}": 1 for number in (1, 2, 3)}, hosts=3
    ),
    "serial that fails": Line(
        [play(change(), fail(**only("host2")), serial=1)],
        "failed",
        [("host2", "Fail here")],
        BOTH,  # core does not go on with the third batch
        hosts=3,
    ),
    "run_once": Line([play(change(run_once=True))], "changed", changed={"host1": 1}),
    "delegate_to": Line([play(change(delegate_to="host2"), hosts="host1")], "changed", changed={"host2": 1}),
    "delegate_to a host that is not in the inventory": Line(
        [play(change(delegate_to="elsewhere", vars={"ansible_connection": "local"}), hosts="host1")],
        "changed",
        changed={"host1": 1},
    ),
    "loop": Line([play(change(loop=[1, 2, 3]))], "changed", changed=BOTH),
    "loop of which one item changes": Line(
        [play(debug(loop=[1, 2, 3], changed_when="item == 2"))], "changed", changed=BOTH
    ),
    "loop that fails": Line([play(fail(loop=[1, 2, 3]), hosts="host1")], "failed", [("host1", "Fail here")]),
    "include_tasks": Line([play(include("more.yml"))], "changed", changed=BOTH),
    "import_tasks": Line([play(include("more.yml", "import_tasks"))], "changed", changed=BOTH),
    "handler": Line([play(NOTIFY, handlers=[change("Restart")])], "changed", changed={"host1": 2, "host2": 2}),
    "flushed handler": Line(
        [play(NOTIFY, meta("flush_handlers"), fail(), handlers=[change("Restart")], hosts="host1")],
        "failed",
        [("host1", "Fail here")],
        {"host1": 2},
    ),
    "handler that fails": Line(
        [play(NOTIFY, handlers=[fail("Restart")], hosts="host1")], "failed", [("host1", "Restart")], {"host1": 1}
    ),
    "handler that is not run as its host failed": Line(
        [play(NOTIFY, fail(), handlers=[change("Restart")], hosts="host1")],
        "failed",
        [("host1", "Fail here")],
        {"host1": 1},
    ),
    "force_handlers": Line(
        [play(NOTIFY, fail(), handlers=[change("Restart")], force_handlers=True, hosts="host1")],
        "failed",
        [("host1", "Fail here")],
        {"host1": 2},
    ),
    "strategy free": Line(
        [play(change(), fail(**only("host2")), strategy="free")], "failed", [("host2", "Fail here")], BOTH
    ),
    "async": Line(
        [play({"name": "Wait", "ansible.builtin.command": "true", "async": 30, "poll": 1, **ASYNC}, hosts="host1")],
        "changed",
        changed={"host1": 1},
    ),
    "a task in check mode": Line([play(change(check_mode=True))], "succeeded"),
    "a task in check mode, and one that is not": Line(
        [play(change(check_mode=True), change("Really", **only("host1")))], "changed", changed={"host1": 1}
    ),
    "empty play": Line([play()], "succeeded"),
    "no plays match the tags": Line([play(change(tags=["a"]))], "succeeded", arguments=("--tags", "b")),
    "tags": Line([play(change(tags=["a"]), fail(tags=["b"]))], "changed", changed=BOTH, arguments=("--tags", "a")),
    "limit": Line([play(change())], "changed", changed={"host2": 1}, arguments=("--limit", "host2")),
    "limit to nobody in the play": Line([play(change(), hosts="host1")], "no_hosts", arguments=("--limit", "host2")),
    "start-at-task": Line(
        [play(fail(), change("From here"))], "changed", changed=BOTH, arguments=("--start-at-task", "From here")
    ),
    "two plays": Line(
        [play(change(), name="One"), play(change(**only("host1")), name="Two")],
        "changed",
        changed={"host1": 2, "host2": 1},
    ),
}


@pytest.mark.parametrize("situation", TABLE)
def test_the_truth_is_told(reporting: Reporting, situation: str) -> None:
    line = TABLE[situation]
    (reporting.folder / "more.yml").write_text(yaml.safe_dump([change("Deep inside")]))
    events = reporting.events(line.plays, hosts=line.hosts, args=list(line.arguments))
    start, *between, end = events
    assert (start["ansible.run.state"], end["ansible.run.state"]) == ("started", "ended")
    assert end["ansible.run.outcome"] == line.outcome
    assert sorted(failures(between)) == line.failed
    changed: dict[str, int] = {}
    for event in between:
        if event["type"] == "infrastructure":
            changed[event["os.host"]] = changed.get(event["os.host"], 0) + event["ansible.tasks.changed"]
            assert event["ansible.check_mode"] is False
    assert changed == line.changed
    assert {event["ansible.run.id"] for event in events} == {start["ansible.run.id"]}
