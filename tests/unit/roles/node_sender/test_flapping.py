# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes out of a service that systemd restarts again and again, by the records and what systemd says of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

import pytest
from shell import UNIT, Node

WINDOW = 300
OTHER = "other.service"


@dataclass
class Moment:
    """What `deliver` finds when it runs: so many seconds after midnight, these records ("failed 3": of the service's
    third run), and systemd's answer about it."""

    at: int
    records: tuple[str, ...]
    restarts: int | str
    state: str
    reason: str
    unit: str


def at(
    time: int,
    *records: str,
    restarts: int | str = 0,
    state: str = "active",
    reason: str = "signal KILL",
    unit: str = UNIT,
) -> Moment:
    return Moment(time, records, restarts, state, reason, unit)


IDS = {"failed": "stop", "start_failed": "stop", "gave_up": "gave-up"}


def record(node: Node, words: str, reason: str, unit: str = UNIT) -> None:
    kind, run = words.split()
    node.record(kind, f"{run}-{IDS.get(kind, kind)}", reason, unit)


def go_through(node: Node, moments: list[Moment]) -> list[str]:
    """Let it all happen; gives the events that went out."""
    events = []
    for moment in moments:
        events += step(node, moment)
    return [told(event) for event in events]


def step(node: Node, moment: Moment) -> list[dict[str, Any]]:
    node.clock(moment.at)
    node.systemd_says(moment.unit, NRestarts=moment.restarts, ActiveState=moment.state)
    for words in moment.records:
        record(node, words, moment.reason, moment.unit)
    node.deliver("now")
    assert node.files("new") == node.files("bad") == []
    return node.take_out()


def told(event: dict[str, Any]) -> str:
    """An event in short: "failed 3-stop", or of a summary its message, count and id."""
    if event["type"] != "server_restarts":
        return event["message"]
    assert event["severity"] == "error"
    return f"{event['message']} ({event['systemd.restarts']}, {event['event.id']})"


#: A loop: its first stop and start go out, and two more restarts are folded within the next 20 seconds.
LOOP = [
    at(0, "failed 1", state="activating"),
    at(5, "start 2", restarts=1),
    at(10, "failed 2", "start 3", restarts=2),
    at(15, "failed 3", restarts=2, state="activating"),
    at(20, "start 4", restarts=3),
]
FIRST = ["failed 1-stop", "start 2-start"]

CASES = {
    "a failure without a restart goes out": (
        [at(0, "start 1"), at(9, "failed 1", state="failed")],
        ["start 1-start", "failed 1-stop"],
    ),
    "one restart goes out as it is": (LOOP[:2], FIRST),
    "of a loop the first stop and start go out, and the rest waits": (LOOP, FIRST),
    "a loop that deliver sees all at once is folded as well": (
        [at(0, "failed 1", "start 2", "failed 2", "start 3", restarts=2)],
        FIRST,
    ),
    "the end of a window tells what was folded": (
        [*LOOP, at(300, restarts=3)],
        [*FIRST, "Probe restarted 2 times in 5 minutes, last result: signal KILL (2, 4-start-restarts)"],
    ),
    "a second before the end of a window nothing is told": ([*LOOP, at(299, restarts=3)], FIRST),
    "one restart in a window is 1 time": (
        [*LOOP[:3], at(300, restarts=2)],
        [*FIRST, "Probe restarted 1 time in 5 minutes, last result: signal KILL (1, 3-start-restarts)"],
    ),
    "a loop that goes on is told once in each window": (
        [
            *LOOP,
            at(300, restarts=3),
            at(330, "failed 4", "start 5", restarts=4, reason="exit code 3"),
            at(599, restarts=4),
            at(600, restarts=4),
        ],
        [
            *FIRST,
            "Probe restarted 2 times in 5 minutes, last result: signal KILL (2, 4-start-restarts)",
            "Probe restarted 1 time in 5 minutes, last result: exit code 3 (1, 5-start-restarts)",
        ],
    ),
    "two summaries are two events, though the second restart followed the first stop": (
        [
            *LOOP,
            at(299, "failed 4", restarts=3, state="activating"),
            at(300, restarts=3, state="activating"),
            at(310, "start 5", restarts=4),
            at(600, restarts=4),
        ],
        [
            *FIRST,
            "Probe restarted 2 times in 5 minutes, last result: signal KILL (2, 4-stop-restarts)",
            "Probe restarted 1 time in 5 minutes, last result: signal KILL (1, 5-start-restarts)",
        ],
    ),
    "a window in which nothing was folded closes silently": ([*LOOP[:2], at(300, restarts=1)], FIRST),
    "after a window without a restart, the next failure goes out again": (
        [*LOOP, at(300, restarts=3), at(600, restarts=3), at(601, "failed 4", "start 5", restarts=4)],
        [
            *FIRST,
            "Probe restarted 2 times in 5 minutes, last result: signal KILL (2, 4-start-restarts)",
            "failed 4-stop",
            "start 5-start",
        ],
    ),
    "what a person stops and starts goes out as it is": (
        [
            at(0, "start 1"),
            at(1, "stop 1", state="inactive"),
            at(2, "start 2"),
            at(3, "stop 2", "start 3"),
            at(4, "stop 3", state="inactive"),
        ],
        ["start 1-start", "stop 1-stop", "start 2-start", "stop 2-stop", "start 3-start", "stop 3-stop"],
    ),
    "a person who stops a service in a loop ends the window": (
        [*LOOP, at(60, "stop 4", restarts=3, state="inactive"), at(70, "start 5"), at(400)],
        [
            *FIRST,
            "Probe restarted 2 times in 60 seconds, last result: signal KILL (2, 4-start-restarts)",
            "stop 4-stop",
            "start 5-start",
        ],
    ),
    "a stop by a person that still goes on ends it as well": (
        [*LOOP, at(60, "stop 4", restarts=3, state="deactivating")],
        [
            *FIRST,
            "Probe restarted 2 times in 60 seconds, last result: signal KILL (2, 4-start-restarts)",
            "stop 4-stop",
        ],
    ),
    "a person who restarts a service in a loop ends the window": (
        [*LOOP, at(130, "stop 4", "start 5")],
        [
            *FIRST,
            "Probe restarted 2 times in 2 minutes, last result: signal KILL (2, 4-start-restarts)",
            "stop 4-stop",
            "start 5-start",
        ],
    ),
    "a failure after a person's start goes out, and the loop is folded anew": (
        [
            *LOOP,
            at(60, "stop 4", "start 5"),
            at(61, "failed 5", state="activating"),
            at(62, "start 6", "failed 6", "start 7", restarts=2),
            at(361, restarts=2),
        ],
        [
            *FIRST,
            "Probe restarted 2 times in 60 seconds, last result: signal KILL (2, 4-start-restarts)",
            "stop 4-stop",
            "start 5-start",
            "failed 5-stop",
            "start 6-start",
            "Probe restarted 1 time in 5 minutes, last result: signal KILL (1, 7-start-restarts)",
        ],
    ),
    "that systemd gives up is told after the summary": (
        [*LOOP, at(90, "failed 4", "gave_up 4", restarts=3, state="failed", reason="exit code 1"), at(400)],
        [
            *FIRST,
            "Probe restarted 2 times in 90 seconds, last result: exit code 1 (2, 4-stop-restarts)",
            "gave_up 4-gave-up",
        ],
    ),
    "that systemd gives up after one restart needs no summary": (
        [*LOOP[:2], at(7, "failed 2", "gave_up 2", restarts=1, state="failed")],
        [*FIRST, "gave_up 2-gave-up"],
    ),
    "that systemd gives up goes out without a window": ([at(0, "gave_up 1", state="failed")], ["gave_up 1-gave-up"]),
    "a start that fails again and again is folded": (
        [
            at(0, "start_failed 1", state="activating"),
            at(5, "start 2", "start_failed 2", restarts=1, state="activating", reason="timeout"),
            at(9, "start 3", "start_failed 3", restarts=2, state="activating", reason="timeout"),
            at(300, restarts=2, state="activating"),
        ],
        [
            "start_failed 1-stop",
            "start 2-start",
            "Probe restarted 1 time in 5 minutes, last result: timeout (1, 3-stop-restarts)",
        ],
    ),
    "what ends well and is restarted always is folded": (
        [
            at(0, "stop 1", state="activating", reason="success"),
            at(5, "start 2", restarts=1),
            at(10, "stop 2", restarts=1, state="activating", reason="success"),
            at(11, "start 3", restarts=2),
            at(12, "stop 3", "start 4", restarts=3, reason="success"),
            at(300, restarts=3),
        ],
        [
            "stop 1-stop",
            "start 2-start",
            "Probe restarted 2 times in 5 minutes, last result: success (2, 4-start-restarts)",
        ],
    ),
    "what ends well and is restarted before deliver looks is folded": (
        [
            at(0, "stop 1", "start 2", restarts=1, reason="success"),
            at(5, "stop 2", "start 3", restarts=2, reason="success"),
            at(300, restarts=2),
        ],
        [
            "stop 1-stop",
            "start 2-start",
            "Probe restarted 1 time in 5 minutes, last result: success (1, 3-start-restarts)",
        ],
    ),
    "what systemd restarted once is stopped by a person as it is": (
        [at(0, "stop 4", restarts=3, state="inactive"), at(9, "start 5"), at(20, "stop 5", state="inactive")],
        ["stop 4-stop", "start 5-start", "stop 5-stop"],
    ),
    "the first started goes out with the first start": (
        [
            at(0, "failed 1", state="activating"),
            at(5, "start 2", "started 2", restarts=1),
            at(9, "failed 2", "start 3", "started 3", restarts=2),
            at(12, "failed 3", "start 4", "started 4", restarts=3),
            at(300, restarts=3),
        ],
        [
            *FIRST,
            "started 2-started",
            "Probe restarted 2 times in 5 minutes, last result: signal KILL (2, 4-started-restarts)",
        ],
    ),
    "a started after the end of a window goes out as little as its start": (
        [
            at(0, "failed 1", state="activating"),
            at(5, "start 2", "started 2", "failed 2", restarts=1),
            at(290, "start 3", restarts=2, state="activating"),
            at(300, restarts=2, state="activating"),
            at(320, "started 3", restarts=2),
            at(600, restarts=2),
        ],
        [
            *FIRST,
            "started 2-started",
            "Probe restarted 1 time in 5 minutes, last result: signal KILL (1, 3-start-restarts)",
        ],
    ),
    "a person's start ends a window with its started": (
        [
            at(0, "failed 1", state="activating"),
            at(5, "start 2", "started 2", "failed 2", "start 3", "started 3", restarts=2),
            at(60, "stop 3", "start 4", "started 4"),
        ],
        [
            *FIRST,
            "started 2-started",
            "Probe restarted 1 time in 60 seconds, last result: signal KILL (1, 3-started-restarts)",
            "stop 3-stop",
            "start 4-start",
            "started 4-started",
        ],
    ),
    "events of another kind are never folded": (
        [*LOOP[:3], at(11, "stopping 3", "start 4", restarts=3)],
        [*FIRST, "stopping 3-stopping"],
    ),
    "where systemd counts no restarts, all goes out": (
        [
            at(0, "failed 1", restarts="", state="activating"),
            at(5, "start 2", "failed 2", restarts="", state="activating"),
            at(7, "start 3", "failed 3", restarts="", state="activating"),
        ],
        ["failed 1-stop", "start 2-start", "failed 2-stop", "start 3-start", "failed 3-stop"],
    ),
    "a loop that was given up within a second": (
        [at(0, "failed 1", "start 2", "failed 2", "start 3", "failed 3", "gave_up 3", restarts=2, state="failed")],
        [
            *FIRST,
            "Probe restarted 1 time in 1 second, last result: signal KILL (1, 3-stop-restarts)",
            "gave_up 3-gave-up",
        ],
    ),
    "a clock that was set back closes a window with its summary": (
        [*LOOP, at(-3600, restarts=3), at(-3500, "failed 4", "start 5", restarts=4)],
        [*FIRST, "Probe restarted 2 times, last result: signal KILL (2, 4-start-restarts)"],
    ),
    "a clock that was set back closes an empty window": (
        [*LOOP[:2], at(-3600, restarts=1), at(-3500, "failed 2", "start 3", restarts=2)],
        [*FIRST, "failed 2-stop", "start 3-start"],
    ),
    "of a time that a clock set back has made wrong nothing is said": (
        [*LOOP, at(-3600, "stop 4", restarts=3, state="inactive")],
        [*FIRST, "Probe restarted 2 times, last result: signal KILL (2, 4-start-restarts)", "stop 4-stop"],
    ),
    "two services are folded each for itself": (
        [
            *LOOP,
            at(30, "failed a", state="activating", unit=OTHER),
            at(31, "start b", "failed b", "start c", restarts=2, unit=OTHER),
            at(60, "stop 4", restarts=3, state="inactive"),
            at(329, restarts=2, unit=OTHER),
            at(330, restarts=2, unit=OTHER),
        ],
        [
            *FIRST,
            "failed a-stop",
            "start b-start",
            "Probe restarted 2 times in 60 seconds, last result: signal KILL (2, 4-start-restarts)",
            "stop 4-stop",
            "Other restarted 1 time in 5 minutes, last result: signal KILL (1, c-start-restarts)",
        ],
    ),
}


@pytest.mark.parametrize(("moments", "events"), CASES.values(), ids=CASES)
def test_restarts_go_out_as(moments: list[Moment], events: list[str], node: Node) -> None:
    node.add_service(OTHER, "Other")
    assert go_through(node, moments) == events


#: The same for a service whose starts are not told: its stops are what can be counted.
STOPS = [
    at(0, "failed 1", state="activating"),
    at(10, "failed 2", restarts=1, state="activating"),
    at(20, "failed 3", restarts=2, state="activating", reason="exit code 3"),
]
CASES_OF_STOPS = {
    "the first stop goes out, and the rest is counted": (
        [*STOPS, at(300, restarts=3)],
        ["failed 1-stop", "Probe restarted 2 times in 5 minutes, last result: exit code 3 (2, 3-stop-restarts)"],
    ),
    "a person's stop ends the window": (
        [*STOPS, at(45, "stop 4", restarts=3, state="inactive")],
        [
            "failed 1-stop",
            "Probe restarted 2 times in 45 seconds, last result: exit code 3 (2, 3-stop-restarts)",
            "stop 4-stop",
        ],
    ),
    "a stop of what ends well is counted once": (
        [
            at(0, "stop 1", state="activating", reason="success"),
            at(10, "stop 2", restarts=1, state="activating", reason="success"),
            at(300, restarts=2),
        ],
        ["stop 1-stop", "Probe restarted 1 time in 5 minutes, last result: success (1, 2-stop-restarts)"],
    ),
    "the first started goes out, and the rest is not counted again": (
        [
            at(0, "failed 1", state="activating"),
            at(5, "started 2", restarts=1),
            at(10, "failed 2", "started 3", restarts=2),
            at(300, restarts=2),
        ],
        [
            "failed 1-stop",
            "started 2-started",
            "Probe restarted 1 time in 5 minutes, last result: signal KILL (1, 3-started-restarts)",
        ],
    ),
}


@pytest.mark.parametrize(("moments", "events"), CASES_OF_STOPS.values(), ids=CASES_OF_STOPS)
def test_restarts_of_a_service_whose_starts_are_not_told(moments: list[Moment], events: list[str], node: Node) -> None:
    node.add_service(without=["start"])
    assert go_through(node, moments) == events


ALL = [f"{kind} {run}-{IDS.get(kind, kind)}" for run in "1234" for kind in ("start", "failed")][1:-1]


def test_a_window_of_0_tells_each_restart(node: Node) -> None:
    node.limits(flapping_window=0)
    assert go_through(node, LOOP) == ALL


def test_each_restart_is_told_of_a_service_whose_stops_are_not(node: Node) -> None:
    """Without the hook `stop` there is no text for the summary, either."""
    node.add_service(without=["stop", "failed", "start_failed", "flapping"])
    starts = [at(moment.at, *(words for words in moment.records if "start" in words)) for moment in LOOP]
    assert go_through(node, starts) == ["start 2-start", "start 3-start", "start 4-start"]


def test_a_summary_has_the_time_of_the_last_restart_in_it(node: Node) -> None:
    for moment in LOOP:
        step(node, moment)
    (summary,) = step(node, at(300, restarts=3))
    assert summary["timestamp"] == "2026-01-01T00:00:20.000Z"
    assert summary["systemd.unit"] == UNIT


SPANS = {
    1: "1 second",
    2: "2 seconds",
    119: "119 seconds",
    120: "2 minutes",
    149: "2 minutes",
    150: "3 minutes",
    7199: "120 minutes",
    7200: "2 hours",
    8999: "2 hours",
    9000: "3 hours",
    172799: "48 hours",
    172800: "2 days",
    215999: "2 days",
    216000: "3 days",
}


@pytest.mark.parametrize(("seconds", "words"), SPANS.items(), ids=[f"{seconds} s" for seconds in SPANS])
def test_a_window_is_told_as_people_say_it(seconds: int, words: str, node: Node) -> None:
    node.limits(flapping_window=seconds)
    events = go_through(
        node, [at(0, "failed 1", "start 2", "failed 2", "start 3", restarts=2), at(seconds, restarts=2)]
    )
    assert events[-1] == f"Probe restarted 1 time in {words}, last result: signal KILL (1, 3-start-restarts)"


#: Kills the program that calls this at call number {call}, in the middle of it: of several files, one is moved.
KILLER = """#!/bin/sh
echo >>{root}/calls
[ "$(wc -l <{root}/calls)" = {call} ] || exec {real} "$@"
first=$1
while [ $# -gt 1 ]; do shift; done
case {name} in
mv) {real} "$first" "$1" ;;
rm) ;;
*) {real} "$first" ;;
esac
kill -KILL $PPID
"""
CALLS = 10


@pytest.mark.parametrize("call", range(1, CALLS + 1))
def test_a_run_that_is_killed_at_any_point_is_made_good_by_the_next(call: int, node: Node) -> None:
    """A window that is over, the first stop of another service, and records that are folded, in one run."""
    node.add_service(OTHER, "Other")
    step(node, at(0, "failed 1", "start 2", "failed 2", "start 3", "failed 3", "start 4", restarts=3))
    node.clock(300)
    record(node, "failed 4", "exit code 3")
    record(node, "failed a", "signal KILL", OTHER)
    record(node, "start 5", "-")
    node.systemd_says(NRestarts=4, ActiveState="active")
    node.systemd_says(OTHER, NRestarts=0, ActiveState="activating")
    for name in ("mv", "rm", "sync"):
        node.stand_in(name, KILLER.format(root=node.root, name=name, real=shutil.which(name), call=call))
    killed = node.run("deliver", "now")
    for name in ("mv", "rm", "sync"):
        (node.root / "bin" / name).unlink()
    assert (killed.returncode == -9) == (call < CALLS), "the last run makes one call less"
    node.deliver("now")
    assert [told(event) for event in node.take_out()] == [
        "failed a-stop",
        "Probe restarted 3 times in 5 minutes, last result: exit code 3 (3, 5-start-restarts)",
    ]
    assert go_through(
        node,
        [
            at(310, "failed 5", "start 6", restarts=5),
            at(311, "start b", "failed b", "start c", restarts=2, unit=OTHER),
            at(600, restarts=5),
        ],
    ) == [
        "start b-start",
        "Probe restarted 1 time in 5 minutes, last result: signal KILL (1, 6-start-restarts)",
        "Other restarted 1 time in 5 minutes, last result: signal KILL (1, c-start-restarts)",
    ]
