# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was recorded is delivered, whatever happens on the way. Counted at the receiver; the table comes at the end."""

from __future__ import annotations

import json

import harm
import pytest
from receiver.front import Front
from receiver.running import Receiver
from service_node import Node, Role, eventually
from spooling import DELIVER, LIMITS, SPOOL, Faults, attempted, count, ordered, probe, restarts, waiting


def test_an_outage_delays_and_loses_nothing(node: Node, gate: Front, receiver: Receiver, faults: Faults) -> None:
    probe(node)
    for mode in ("refuse", "hang", "reset"):
        receiver.clear()
        gate.mode(mode)
        recorded = restarts(node, 6)
        attempted(node)
        gate.mode("pass")
        events = receiver.wait_for(recorded, timeout=100)
        count(faults, f"outage: {mode}", recorded, events)
        assert ordered(events)
        assert len({event["event.id"] for event in events}) == recorded
        eventually(lambda: waiting(node) == [])


@pytest.mark.parametrize("status", [500, 429, 302])
def test_an_event_that_was_not_accepted_is_sent_again(
    status: int, node: Node, receiver: Receiver, faults: Faults
) -> None:
    probe(node)
    receiver.fault(status=status, location="/elsewhere" if status == 302 else None, times=1)
    recorded = restarts(node, 3)
    events = receiver.wait_for(recorded, timeout=60)
    count(faults, f"HTTP status {status}, once", recorded, events)
    assert ordered(events) and len(events) == recorded


def test_a_bad_token_loses_nothing_and_correcting_it_releases_all(
    spooling: Role, node: Node, receiver: Receiver, faults: Faults
) -> None:
    probe(node)
    since = node.moment()
    spooling.apply(app_token="wrong-token-0815")
    recorded = restarts(node, 3)
    eventually(lambda: "refuses the App token" in node.journal("community-sematext-deliver", since))
    assert len(waiting(node)) == recorded and receiver.events() == []
    spooling.apply()
    events = receiver.wait_for(recorded)
    count(faults, "token refused, then corrected", recorded, events)
    assert ordered(events) and len(events) == recorded


def test_an_event_that_is_bad_is_set_aside_and_told(node: Node, receiver: Receiver, faults: Faults) -> None:
    probe(node)
    since = node.moment()
    receiver.fault({"status": 400, "times": 1})
    recorded = restarts(node, 3)
    events = receiver.wait_for(recorded - 1, timeout=60)
    eventually(lambda: waiting(node) == [])
    (bad,) = node.sh(f"cat {SPOOL}/bad/*").splitlines()
    assert json.loads(bad)["message"] == "Starting Probe on node es-node-1"
    assert "can never accept" in node.journal("community-sematext-deliver", since)
    count(faults, "HTTP status 400, once (set aside: 1)", recorded, [json.loads(bad), *events])


@pytest.mark.parametrize("victim", ["curl", "deliver"])
def test_what_is_killed_in_mid_request_loses_nothing(
    victim: str, node: Node, receiver: Receiver, faults: Faults
) -> None:
    probe(node)
    receiver.fault(delay=5, times=1)
    pattern = "^curl" if victim == "curl" else "^/bin/sh .*/deliver"
    node.sh(
        f"systemctl start probe; until pgrep -x curl; do sleep .05; done; pkill -KILL -f '{pattern}';"
        " systemctl stop probe"
    )
    recorded = 2 + restarts(node, 3)
    eventually(lambda: len({event["event.id"] for event in receiver.events()}) == recorded, timeout=60)
    eventually(lambda: waiting(node) == [])
    count(faults, f"{victim} killed in mid-request", recorded, receiver.events())


def test_a_record_whose_hook_was_killed_is_kept_and_told(node: Node, receiver: Receiver) -> None:
    """What such a hook leaves is written here: no test can meet the microseconds in which it writes."""
    boot = node.sh("cut -d - -f 1 /proc/sys/kernel/random/boot_id").strip()
    since = node.moment()
    torn = f"{boot}-000000000001-9999999.service_events"
    node.sh(f'printf \'start probe.service 1 -\\n{{"type":"server\' >{SPOOL}/new/{torn}')
    eventually(lambda: "was not written to its end" in node.journal("community-sematext-deliver", since))
    assert node.sh(f"cat {SPOOL}/bad/*").endswith('{"type":"server')
    assert (waiting(node), receiver.events()) == ([], [])


@pytest.mark.parametrize("how", ["kill", "poweroff"])
def test_a_node_that_goes_away_in_an_outage_sends_all_after_its_boot(
    how: str, node: Node, gate: Front, receiver: Receiver, faults: Faults
) -> None:
    probe(node)
    gate.mode("refuse")
    recorded = restarts(node, 3)
    before = node.sh("date -u +%FT%T").strip()
    node.reboot(how)
    gate.mode("pass")
    events = receiver.wait_for(recorded, timeout=100)
    count(faults, f"{how} in an outage, then boot", recorded, events)
    assert ordered(events) and len({event["event.id"] for event in events}) == recorded
    assert all(event["timestamp"][:19] <= before for event in events)


def test_a_spool_that_was_removed_comes_back(node: Node, receiver: Receiver, faults: Faults) -> None:
    probe(node)
    node.sh(f"rm -rf {SPOOL}")
    recorded = restarts(node, 2)
    events = receiver.wait_for(recorded, timeout=30)
    count(faults, "spool removed under way", recorded, events)
    assert ordered(events) and len(events) == recorded


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_spool_that_takes_nothing_hurts_no_service_and_is_told(how: str, node: Node, receiver: Receiver) -> None:
    probe(node)
    options = "size=16k,mode=700" if how == "full" else "ro,mode=700"
    fill = f"head -c 100k /dev/zero >{SPOOL}/new/.fill || true" if how == "full" else "true"
    node.sh(f"mount -t tmpfs -o {options} tmpfs {SPOOL}; mkdir -p {SPOOL}/new || true; {fill}; {DELIVER} || true")
    since = node.moment()
    try:
        harm.start(node, "probe", harm.SPOOL_HOOK)
        node.sh("systemctl is-active probe")
        harm.stop(node, "probe", harm.SPOOL_HOOK)
        assert "could not be recorded" in node.journal("probe", since)
    finally:
        node.sh(f"systemctl stop community-sematext-deliver.service; umount {SPOOL}")
    node.sh("systemctl start probe")
    receiver.wait_for(1, timeout=30)


def test_the_spool_is_bounded_and_says_what_it_dropped(node: Node, gate: Front, receiver: Receiver) -> None:
    probe(node)
    node.sh(f"sed -i s/max_events=.*/max_events=5/ {LIMITS}")
    gate.mode("refuse")
    recorded = restarts(node, 6)
    eventually(lambda: len(waiting(node)) == 6)
    gate.mode("pass")
    events = receiver.wait_for(6, timeout=60)
    node.sh(f"sed -i s/max_events=.*/max_events=10000/ {LIMITS}")
    assert (events[0]["type"], events[0]["events.dropped"]) == ("server_events_dropped", recorded - 5)
    assert events[0]["message"].startswith("Events of node es-node-1 were dropped: 7, as more than 5 waited")
    assert [event["type"] for event in events[1:]] == ["server_stop", "server_start"] * 2 + ["server_stop"]


def test_hundreds_of_events_go_out_over_few_connections(
    node: Node, gate: Front, receiver: Receiver, faults: Faults
) -> None:
    probe(node)
    gate.mode("refuse")
    recorded = restarts(node, 2)
    eventually(lambda: len(node.sh(f"ls {SPOOL}/queue").split()) == recorded)
    node.sh(
        f"cd {SPOOL}/queue; first=$(ls | head -n 1); for i in $(seq 100 395); do"
        ' sed "s/-start/-start-$i/" "$first" >"00000000-000000000$i-0000001.service_events"; done'
    )
    gate.mode("pass")
    accepted = gate.accepted
    events = receiver.wait_for(300, timeout=60)
    count(faults, "hundreds of waiting events", 300, events)
    assert gate.accepted - accepted <= 8
    assert len({event["event.id"] for event in events}) == 300


def test_what_was_recorded_before_a_boot_goes_out_first(
    node: Node, gate: Front, receiver: Receiver, faults: Faults
) -> None:
    probe(node)
    gate.mode("refuse")
    recorded = restarts(node, 3)
    eventually(lambda: len(node.sh(f"ls {SPOOL}/queue").split()) == recorded)
    old = node.sh("cat /proc/sys/kernel/random/boot_id").strip().split("-")[0]
    # Another boot id, as if these came from the boot before, and another length of that boot.
    node.sh(
        "systemctl stop community-sematext-deliver.path community-sematext-deliver.timer"
        f" community-sematext-deliver.service; cd {SPOOL}; mkdir -p new;"
        f" for f in queue/*; do {{ echo start probe.service x -; sed 's/.timestamp.:.[^,]*,//' $f; }}"
        f" >new/0a0a0a0a-9${{f#queue/??????????}}; touch -r $f new/0a0a0a0a-9${{f#queue/??????????}}; rm $f; done"
    )
    recorded += restarts(node, 1)
    assert old != "0a0a0a0a"
    gate.mode("pass")
    node.sh(f"rm -f {SPOOL}/retry.*; systemctl start community-sematext-deliver.path")
    events = receiver.wait_for(recorded, timeout=60)
    count(faults, "recorded in an earlier boot", recorded, events)
    assert len({event["event.id"] for event in events}) == recorded
    assert ordered(events)


def test_a_shutdown_sends_what_it_stops(spooling: Role, node: Node, receiver: Receiver) -> None:
    """The stop of a service that stops before the network arrives before the end of the node."""
    node.sh("systemctl start elasticsearch")
    receiver.wait_for(2)
    node.reboot()
    types = [event["type"] for event in receiver.events()]
    assert types == ["server_start", "server_started", "server_stopping", "server_stop"]
