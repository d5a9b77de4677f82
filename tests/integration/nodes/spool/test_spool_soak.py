# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes long: crowds, minutes of outage, hours of flapping in little time."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from receiver.front import Front
from receiver.running import Receiver
from service_node import Node, eventually
from spooling import LIMITS, SPOOL, Faults, count, ordered, probe, restarts, waiting

pytestmark = pytest.mark.full
#: Seconds of the long outage.
OUTAGE = 150


def distinct(events: list[dict[str, Any]]) -> set[str]:
    return {event["event.id"] for event in events}


@pytest.mark.parametrize("mode", ["pass", "refuse"])
def test_a_hundred_services_at_once(mode: str, node: Node, gate: Front, receiver: Receiver, faults: Faults) -> None:
    """Each has what the role has made for `probe`."""
    node.sh(
        "cd /etc/community-sematext/services; for i in $(seq 100); do"
        ' sed "s/probe\\.service/crowd$i.service/g" probe.service >crowd$i.service;'
        " mkdir -p /run/systemd/system/crowd$i.service.d;"
        " printf '[Service]\\nExecStart=/bin/sleep infinity\\n' >/run/systemd/system/crowd$i.service;"
        ' sed "s/probe\\.service/crowd$i.service/; s/@probe\\./@crowd$i./"'
        " /etc/systemd/system/probe.service.d/50-community-sematext.conf"
        " >/run/systemd/system/crowd$i.service.d/50-community-sematext.conf; done; systemctl daemon-reload"
    )
    units = "$(seq -f crowd%g 100)"
    try:
        gate.mode(mode)
        node.sh(f"systemctl start {units}; systemctl is-active {units} >/dev/null; systemctl stop {units}")
        gate.mode("pass")
        eventually(lambda: len(distinct(receiver.events())) == 200, timeout=100)
    finally:
        node.sh("rm /etc/community-sematext/services/crowd*")
    eventually(lambda: waiting(node) == [])
    count(faults, f"100 services start and stop at once ({mode})", 200, receiver.events())
    for number in range(1, 101):
        unit = f"crowd{number}.service"
        types = [event["type"] for event in receiver.events() if event["systemd.unit"] == unit]
        assert types == ["server_start", "server_stop"], unit


def test_an_outage_of_minutes_with_events_all_the_while(
    node: Node, gate: Front, receiver: Receiver, faults: Faults
) -> None:
    probe(node)
    recorded = 0
    end = time.monotonic() + OUTAGE
    for mode in itertools.cycle(("refuse", "hang", "reset")):
        gate.mode(mode)
        for _time in range(10):
            recorded += restarts(node, 1)
            time.sleep(1)
        if time.monotonic() > end:
            break
    gate.mode("pass")
    events = receiver.wait_for(recorded, timeout=120)
    count(faults, f"outage of {OUTAGE} s with events all the while", recorded, events)
    assert ordered(events) and len(events) == len(distinct(events)) == recorded
    assert waiting(node) == []


def test_hours_of_flapping_are_a_few_events_that_tell_all(node: Node, receiver: Receiver, faults: Faults) -> None:
    """24 windows, as in two hours of five minutes each."""
    node.sh(f"sed -i s/flapping_window=.*/flapping_window=3/ {LIMITS}")
    probe(
        node,
        "ExecStart=\nExecStart=/bin/sh -c 'sleep .1; exit 1'\nRestart=on-failure\nRestartSec=100ms\n"
        "[Unit]\nStartLimitIntervalSec=0\n",
    )
    try:
        node.sh("systemctl start probe; sleep 72")
        # systemd forgets it when the service is stopped.
        number = int(node.sh("systemctl show --value -p NRestarts probe; systemctl stop probe"))
        eventually(lambda: "probe" not in node.sh(f"ls {SPOOL}/flapping"), timeout=30)
    finally:
        node.sh(f"sed -i s/flapping_window=.*/flapping_window=300/ {LIMITS}")
    eventually(lambda: waiting(node) == [])
    events = receiver.events()
    summaries = [event for event in events if event["type"] == "server_restarts"]
    told = sum(event["systemd.restarts"] for event in summaries)
    single = sum(event["type"] == "server_start" for event in events) - 1
    count(faults, f"{number} restarts in 24 windows: {len(events)} events", len(events), events)
    assert number > 100
    assert 15 < len(summaries) < 35
    assert len(events) < 60
    # One more may come, or be stopped before its hook, while this asks.
    assert abs(told + single - number) <= 1


def test_a_clock_that_steps_back_changes_no_order(node: Node, gate: Front, receiver: Receiver, faults: Faults) -> None:
    """A file's time is the clock's. To set that would set this machine's, so the file gets the earlier time."""
    probe(node)
    gate.mode("refuse")
    node.sh("systemctl stop community-sematext-deliver.path community-sematext-deliver.timer")
    node.sh("systemctl start probe; systemctl stop probe")
    first = set(node.sh(f"ls {SPOOL}/new").split())
    node.sh(f"systemctl start probe; systemctl stop probe; cd {SPOOL}/new; ls")
    second = set(node.sh(f"ls {SPOOL}/new").split()) - first
    node.sh(f"cd {SPOOL}/new; touch -d '-1 hour' {' '.join(second)}")
    gate.mode("pass")
    node.sh("systemctl start community-sematext-deliver.path")
    events = receiver.wait_for(4, timeout=30)
    assert [event["type"] for event in events] == ["server_start", "server_stop"] * 2
    assert len(distinct(events)) == 4
    assert events[2]["timestamp"] < events[0]["timestamp"] < events[1]["timestamp"]
    faults(("clock stepped back an hour (order as recorded)", 4, 4, 0, 0))
