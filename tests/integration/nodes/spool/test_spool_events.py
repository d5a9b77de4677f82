# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hooks that record tell of a service."""

from __future__ import annotations

import datetime as dt

import pytest
from receiver.running import Receiver
from service_node import Node
from spooling import LIMITS, MARK, PROBE, events_so_far, ordered, probe, restarts, told


def test_a_start_and_a_stop_arrive_in_order_with_their_times(node: Node, receiver: Receiver) -> None:
    before = dt.datetime.now(dt.timezone.utc)
    node.sh("systemctl start elasticsearch; systemctl stop elasticsearch")
    events = receiver.wait_for(4)
    assert [told(event) for event in events] == [
        ("server_start", "info", "Starting Elasticsearch on node es-node-1"),
        ("server_started", "info", "Started Elasticsearch on node es-node-1"),
        ("server_stopping", "info", "Stopping Elasticsearch on node es-node-1"),
        ("server_stop", "info", "Stopped Elasticsearch on node es-node-1"),
    ]
    assert ordered(events)
    for event in events:
        moment = dt.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
        assert before - dt.timedelta(seconds=1) < moment < dt.datetime.now(dt.timezone.utc)
        assert (event["os.host"], event["tags"]) == ("es-node-1", ["env:prod"])
        assert event["systemd.unit"] == "elasticsearch.service"
    assert events[3]["systemd.result"] == "success"
    assert len({event["event.id"] for event in events}) == 4


DEPLOYMENT = "/bin/sh /usr/local/lib/community-sematext/deployment"


def deployments(node: Node, receiver: Receiver, number: int) -> list[str | None]:
    """Start and stop a service that is not told otherwise; gives the deployments of so many events."""
    node.sh("systemctl start probe; systemctl stop probe")
    return [event.get("deployment.id") for event in receiver.wait_for(number)]


def test_events_carry_the_deployment_that_is_under_way(node: Node, receiver: Receiver) -> None:
    probe(node)
    node.sh(f"{DEPLOYMENT} deploy-7")
    assert set(deployments(node, receiver, 2)) == {"deploy-7"}
    receiver.clear()
    node.sh(DEPLOYMENT)
    assert set(deployments(node, receiver, 2)) == {None}


@pytest.mark.parametrize(
    "mark",
    ["deploy-7 1", "deploy-7", "deploy-7 x", '"} 99999999999', "", "a b 99999999999"],
    ids=["over", "no end", "an end that is none", "an id that is none", "empty", "three words"],
)
def test_a_mark_that_is_over_or_broken_costs_no_event(node: Node, receiver: Receiver, mark: str) -> None:
    probe(node)
    node.write(MARK, mark + "\n")
    assert set(deployments(node, receiver, 2)) == {None}
    node.sh(DEPLOYMENT)


def test_any_name_arrives_as_it_was_written(node: Node, receiver: Receiver) -> None:
    node.write(r"/run/systemd/system/odd\x2dname@.service", PROBE)
    node.sh(r"systemctl daemon-reload; systemctl start 'odd\x2dname@1'")
    (event,) = receiver.wait_for(1)
    assert event["message"] == 'Starting a "b" \\ %n $x \u00fc on node es-node-1'
    assert event["systemd.unit"] == r"odd\x2dname@1.service"


#: Those that get a signal say first that they are there for it.
ENDS = {
    "killed": (
        "Type=exec\n",
        "systemctl kill --signal=KILL --kill-who=main probe",
        "failed on node es-node-1: signal KILL",
    ),
    "crashed": ("Type=exec\nLimitCORE=0\n", "systemctl kill --signal=SEGV --kill-who=main probe", ": signal SEGV"),
    "exit code": (
        "ExecStart=\nExecStart=/bin/sh -c 'sleep .2; exit 3'\n",
        "",
        "failed on node es-node-1: exit code 3",
    ),
    "watchdog": (
        "Type=notify\nNotifyAccess=all\nExecStart=\nExecStart=/bin/sh -c 'systemd-notify --ready; sleep 9'\n"
        "WatchdogSec=1\n",
        "",
        "failed on node es-node-1: watchdog timeout",
    ),
    "stop time-out": (
        "Type=notify\nNotifyAccess=all\nTimeoutStopSec=1\n"
        "ExecStart=\nExecStart=/bin/sh -c 'trap : TERM; systemd-notify --ready; while :; do sleep 1; done'\n",
        "systemctl stop probe",
        "failed on node es-node-1: timeout",
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_failure_is_told_as_an_error_with_its_reason(end: str, node: Node, receiver: Receiver) -> None:
    unit, command, message = ENDS[end]
    probe(node, unit)
    node.sh(f"systemctl start probe; {command}")
    start, stop = receiver.wait_for(2)
    assert start["type"] == "server_start"
    assert (stop["type"], stop["severity"]) == ("server_stop", "error")
    assert stop["message"].endswith(message)


BEGINS = {
    "ExecStartPre fails": ("ExecStartPre=/bin/false\n", 1, "a command before it failed"),
    "ExecStart is missing": ("ExecStart=\nExecStart=/nonexistent\n", 2, "it could not be executed, exit code 203"),
    "start time-out": ("Type=notify\nTimeoutStartSec=1\n", 2, "timeout"),
    "not ready": ("Type=notify\nExecStart=\nExecStart=/bin/true\n", 2, "it ended before it was ready"),
    "EnvironmentFile is missing": (
        "EnvironmentFile=/nonexistent\n",
        1,
        "a file or a resource that it needs is lacking",
    ),
    "a dependency failed": ("[Unit]\nRequires=bad.service\nAfter=bad.service\n", 1, "a unit that it needs failed"),
}


@pytest.mark.parametrize("begin", BEGINS)
def test_a_failed_start_is_told_as_that(begin: str, node: Node, receiver: Receiver) -> None:
    unit, number, reason = BEGINS[begin]
    node.write("/run/systemd/system/bad.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n")
    probe(node, unit)
    node.run("systemctl", "start", "probe")
    events = events_so_far(node, receiver)
    assert told(events[-1]) == ("server_start_failed", "error", f"Probe failed to start on node es-node-1: {reason}")
    assert len(events) == number


@pytest.mark.parametrize("condition", ["ExecCondition=/bin/false\n", "[Unit]\nConditionPathExists=/nonexistent\n"])
def test_a_condition_that_is_not_met_sends_nothing(condition: str, node: Node, receiver: Receiver) -> None:
    probe(node, condition)
    node.sh("systemctl start probe || true")
    assert events_so_far(node, receiver) == []


def test_a_service_in_a_loop_is_told_once_and_given_up(node: Node, receiver: Receiver) -> None:
    """Its first stop and start, one summary, and that systemd stops trying."""
    probe(
        node,
        "ExecStart=\nExecStart=/bin/sh -c 'sleep .2; kill -9 $$$$'\nRestart=always\nRestartSec=100ms\n"
        "[Unit]\nStartLimitBurst=6\nStartLimitIntervalSec=60\n",
    )
    node.sh("systemctl start probe")
    events = receiver.wait_for(5, timeout=20)
    assert [event["type"] for event in events] == [
        "server_start",
        "server_stop",
        "server_start",
        "server_restarts",
        "server_gave_up",
    ]
    assert events[3]["systemd.restarts"] == 4
    assert events[3]["message"].startswith("Probe on node es-node-1 restarted 4 times in ")
    assert events[3]["message"].endswith(", last result: signal KILL")
    assert events[4]["message"] == "systemd gave up restarting Probe on node es-node-1, last result: signal KILL"
    assert {event["severity"] for event in events[3:]} == {"error"}


def test_a_loop_that_goes_on_is_told_once_a_window(node: Node, receiver: Receiver) -> None:
    node.sh(f"sed -i s/flapping_window=.*/flapping_window=4/ {LIMITS}")
    probe(
        node,
        "ExecStart=\nExecStart=/bin/sh -c 'sleep .3; exit 1'\nRestart=on-failure\nRestartSec=100ms\n"
        "[Unit]\nStartLimitIntervalSec=0\n",
    )
    node.sh("systemctl start probe")
    events = receiver.wait_for(5, timeout=40)
    node.sh(f"systemctl stop probe; sed -i s/flapping_window=.*/flapping_window=300/ {LIMITS}")
    assert [event["type"] for event in events[:3]] == ["server_start", "server_stop", "server_start"]
    assert {event["type"] for event in events[3:5]} == {"server_restarts"}
    assert all("in 4 seconds, last result: exit code 1" in event["message"] for event in events[3:5])


def test_what_a_person_restarts_is_told_each_time(node: Node, receiver: Receiver) -> None:
    probe(node)
    recorded = restarts(node, 5)
    events = receiver.wait_for(recorded)
    assert [event["type"] for event in events] == ["server_start", "server_stop"] * 5
