# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With `service_events_delivery: spool`, what was recorded is delivered, whatever happens on the way."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from receiver.front import Front, tcp_front
from receiver.running import Receiver
from service_node import DROP_IN, TOKEN, Node, Role, eventually

SPOOL = "/var/spool/community-sematext"
LIMITS = "/etc/community-sematext/service_events.spool"
DELIVER = "systemctl start community-sematext-deliver.service"
#: A service that does what a test writes into its unit, on top of this.
PROBE = "[Service]\nExecStart=/bin/sleep infinity\n"
Faults = list[tuple[str, int, int, int, int]]


@pytest.fixture(scope="module")
def gate(any_receiver: Receiver) -> Iterator[Front]:
    """Stands before the receiver for the whole module, as the node knows its URL."""
    with tcp_front(any_receiver) as front:
        yield front


@pytest.fixture(scope="module")
def spooling(booted_node: Node, gate: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Role]:
    """The node with hooks that record, on Elasticsearch and on the service `probe`."""
    role = Role(booted_node, gate.url, tmp_path_factory.mktemp("spool"))
    role.variables |= {
        "service_events_delivery": "spool",
        "service_events_tags": ["env:prod"],
        "service_events_services": [
            {"unit": "elasticsearch", "name": "Elasticsearch", "started": True, "stopping": True},
            {"unit": "probe", "name": "Probe"},
            {"unit": r"odd\x2dname@1", "name": 'a "b" \\ %n $x \u00fc'},
        ],
    }
    before = booted_node.files()
    role.apply()
    yield role
    done = role.apply(state="absent")
    assert "could not be delivered, so" not in done.output
    booted_node.sh("rm -rf /run/systemd/system/*.service*; systemctl daemon-reload")
    assert booted_node.files() == before
    booted_node.clean()


@pytest.fixture
def node(spooling: Role, booted_node: Node, gate: Front, receiver: Receiver) -> Iterator[Node]:
    """The node with nothing in its spool, and all services stopped."""
    gate.mode("pass")
    yield booted_node
    gate.mode("pass")
    receiver.heal()
    # Not each test has made each service.
    booted_node.sh(
        "systemctl stop elasticsearch probe 'odd\\x2dname@1' 2>/dev/null || true; systemctl reset-failed;"
        f"rm -rf /run/systemd/system/*.service*; systemctl daemon-reload; rm -f {SPOOL}/retry.* {SPOOL}/flapping/*;"
        f"{DELIVER}"
    )
    assert waiting(booted_node) == []
    booted_node.sh(f"rm -f {SPOOL}/bad/*")


def waiting(node: Node) -> list[str]:
    """The files of events that are not delivered yet."""
    return node.sh(f"cd {SPOOL}; find new unfinished queue -type f 2>/dev/null || true").split()


def probe(node: Node, unit: str = "", name: str = "probe") -> None:
    """Make the service do something else."""
    node.write(f"/run/systemd/system/{name}.service", PROBE + unit)
    node.sh("systemctl daemon-reload")


def told(event: dict[str, Any]) -> tuple[str, str, str]:
    return event["type"], event["severity"], event["message"]


def ordered(events: list[dict[str, Any]]) -> bool:
    times = [event["timestamp"] for event in events]
    return times == sorted(times)


def count(faults: Faults, fault: str, recorded: int, events: list[dict[str, Any]]) -> None:
    """For the table at the end: one line of a fault."""
    ids = [event["event.id"] for event in events]
    times = list({event["event.id"]: event["timestamp"] for event in events}.values())
    disorder = sum(1 for one, other in zip(times, times[1:]) if one > other)
    faults.append((fault, recorded, len(set(ids)), len(ids) - len(set(ids)), disorder))


def restarts(node: Node, number: int) -> int:
    """Have `probe` started and stopped by a person so many times; gives how many events that records."""
    node.sh(f"for i in $(seq {number}); do systemctl start probe; systemctl stop probe; done")
    return 2 * number


class TestEvents:
    def test_a_start_and_a_stop_arrive_in_order_with_their_times(self, node: Node, receiver: Receiver) -> None:
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

    def test_any_name_arrives_as_it_was_written(self, node: Node, receiver: Receiver) -> None:
        node.write(r"/run/systemd/system/odd\x2dname@.service", PROBE)
        node.sh(r"systemctl daemon-reload; systemctl start 'odd\x2dname@1'")
        (event,) = receiver.wait_for(1)
        assert event["message"] == 'Starting a "b" \\ %n $x \u00fc on node es-node-1'
        assert event["systemd.unit"] == r"odd\x2dname@1.service"

    ENDS = {
        "killed": ("", "systemctl kill --signal=KILL --kill-who=main probe", "failed on node es-node-1: signal KILL"),
        "crashed": ("LimitCORE=0\n", "systemctl kill --signal=SEGV --kill-who=main probe", ": signal SEGV"),
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
            "ExecStart=\nExecStart=/bin/sh -c 'trap : TERM; while :; do sleep 1; done'\nTimeoutStopSec=1\n",
            "systemctl stop probe",
            "failed on node es-node-1: timeout",
        ),
    }

    @pytest.mark.parametrize("end", ENDS)
    def test_a_failure_is_told_as_an_error_with_its_reason(self, end: str, node: Node, receiver: Receiver) -> None:
        unit, command, message = self.ENDS[end]
        probe(node, unit)
        node.sh(f"systemctl start probe; sleep .1; {command}")
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
    def test_a_failed_start_is_told_as_that(self, begin: str, node: Node, receiver: Receiver) -> None:
        unit, number, reason = self.BEGINS[begin]
        node.write("/run/systemd/system/bad.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n")
        probe(node, unit)
        node.run("systemctl", "start", "probe")
        *_starts, end = receiver.wait_for(number)
        assert told(end) == ("server_start_failed", "error", f"Probe failed to start on node es-node-1: {reason}")
        time.sleep(0.5)
        assert len(receiver.events()) == number

    @pytest.mark.parametrize("condition", ["ExecCondition=/bin/false\n", "[Unit]\nConditionPathExists=/nonexistent\n"])
    def test_a_condition_that_is_not_met_sends_nothing(self, condition: str, node: Node, receiver: Receiver) -> None:
        probe(node, condition)
        node.sh("systemctl start probe || true")
        probe(node)
        node.sh("systemctl start probe")
        assert [event["type"] for event in receiver.wait_for(1)] == ["server_start"]

    def test_a_service_in_a_loop_is_told_once_and_given_up(self, node: Node, receiver: Receiver) -> None:
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

    def test_a_loop_that_goes_on_is_told_once_a_window(self, node: Node, receiver: Receiver) -> None:
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

    def test_what_a_person_restarts_is_told_each_time(self, node: Node, receiver: Receiver) -> None:
        probe(node)
        recorded = restarts(node, 5)
        events = receiver.wait_for(recorded)
        assert [event["type"] for event in events] == ["server_start", "server_stop"] * 5


class TestFaults:
    """Counted at the receiver; the table is printed at the end of the tests."""

    def test_an_outage_delays_and_loses_nothing(
        self, node: Node, gate: Front, receiver: Receiver, faults: Faults
    ) -> None:
        probe(node)
        for mode in ("refuse", "hang", "reset"):
            receiver.clear()
            gate.mode(mode)
            recorded = restarts(node, 6)
            time.sleep(1)
            gate.mode("pass")
            events = receiver.wait_for(recorded, timeout=100)
            count(faults, f"outage: {mode}", recorded, events)
            assert ordered(events)
            assert len({event["event.id"] for event in events}) == recorded
            eventually(lambda: waiting(node) == [])

    @pytest.mark.parametrize("status", [500, 429, 302])
    def test_an_event_that_was_not_accepted_is_sent_again(
        self, status: int, node: Node, receiver: Receiver, faults: Faults
    ) -> None:
        probe(node)
        receiver.fault(status=status, location="/elsewhere" if status == 302 else None, times=1)
        recorded = restarts(node, 3)
        events = receiver.wait_for(recorded, timeout=60)
        count(faults, f"HTTP status {status}, once", recorded, events)
        assert ordered(events) and len(events) == recorded

    def test_a_bad_token_loses_nothing_and_correcting_it_releases_all(
        self, spooling: Role, node: Node, receiver: Receiver, faults: Faults
    ) -> None:
        probe(node)
        spooling.apply(app_token="wrong-token-0815")
        recorded = restarts(node, 3)
        eventually(
            lambda: "refuses the App token" in node.sh("journalctl --unit=community-sematext-deliver --since=-60s")
        )
        assert len(waiting(node)) == recorded and receiver.events() == []
        spooling.apply()
        events = receiver.wait_for(recorded)
        count(faults, "token refused, then corrected", recorded, events)
        assert ordered(events) and len(events) == recorded

    def test_an_event_that_is_bad_is_set_aside_and_told(self, node: Node, receiver: Receiver, faults: Faults) -> None:
        probe(node)
        receiver.fault({"status": 400, "times": 1})
        recorded = restarts(node, 3)
        events = receiver.wait_for(recorded - 1, timeout=60)
        eventually(lambda: waiting(node) == [])
        (bad,) = node.sh(f"cat {SPOOL}/bad/*").splitlines()
        assert json.loads(bad)["message"] == "Starting Probe on node es-node-1"
        assert "can never accept" in node.sh("journalctl --unit=community-sematext-deliver --since=-60s")
        count(faults, "HTTP status 400, once (set aside: 1)", recorded, [json.loads(bad), *events])

    @pytest.mark.parametrize("victim", ["curl", "deliver"])
    def test_what_is_killed_in_mid_request_loses_nothing(
        self, victim: str, node: Node, receiver: Receiver, faults: Faults
    ) -> None:
        probe(node)
        receiver.fault(delay=2, times=1)
        recorded = restarts(node, 4)
        pattern = "^curl" if victim == "curl" else "^/bin/sh .*/deliver"
        node.sh(f"until pgrep curl; do sleep .1; done; pkill -KILL -f '{pattern}'")
        eventually(lambda: len({event["event.id"] for event in receiver.events()}) == recorded, timeout=60)
        eventually(lambda: waiting(node) == [])
        count(faults, f"{victim} killed in mid-request", recorded, receiver.events())

    def test_a_spool_that_was_removed_comes_back(self, node: Node, receiver: Receiver, faults: Faults) -> None:
        probe(node)
        node.sh(f"rm -rf {SPOOL}")
        recorded = restarts(node, 2)
        events = receiver.wait_for(recorded, timeout=30)
        count(faults, "spool removed under way", recorded, events)
        assert ordered(events) and len(events) == recorded

    @pytest.mark.parametrize("how", ["full", "read-only"])
    def test_a_spool_that_takes_nothing_hurts_no_service_and_is_told(
        self, how: str, node: Node, receiver: Receiver
    ) -> None:
        probe(node)
        options = "size=16k,mode=700" if how == "full" else "ro,mode=700"
        fill = f"head -c 100k /dev/zero >{SPOOL}/new/.fill || true" if how == "full" else "true"
        node.sh(f"mount -t tmpfs -o {options} tmpfs {SPOOL}; mkdir -p {SPOOL}/new || true; {fill}; {DELIVER} || true")
        try:
            node.sh("systemctl start probe; systemctl is-active probe; systemctl stop probe")
            assert "could not be recorded" in node.sh("journalctl --unit=probe --since=-30s")
        finally:
            node.sh(f"systemctl stop community-sematext-deliver.service; umount {SPOOL}")
        node.sh("systemctl start probe")
        receiver.wait_for(1, timeout=30)

    def test_the_spool_is_bounded_and_says_what_it_dropped(self, node: Node, gate: Front, receiver: Receiver) -> None:
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
        self, node: Node, gate: Front, receiver: Receiver, faults: Faults
    ) -> None:
        probe(node)
        gate.mode("refuse")
        recorded = restarts(node, 2)
        eventually(lambda: len(waiting(node)) == recorded)
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

    def test_a_receiver_hanging_forever_holds_no_start(self, node: Node, gate: Front) -> None:
        """The service starts while the delivery hangs."""
        gate.mode("hang")
        probe(node)
        node.sh("systemctl start probe; systemctl is-active probe; pgrep curl || sleep .5; pgrep curl")

    def test_what_was_recorded_before_a_boot_goes_out_first(
        self, node: Node, gate: Front, receiver: Receiver, faults: Faults
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


class TestRole:
    def test_no_secret_is_where_others_can_read_it(self, spooling: Role, node: Node, gate: Front) -> None:
        gate.mode("hang")
        probe(node)
        done = spooling.apply("-vvv", "--diff")
        node.sh("systemctl start probe; until pgrep curl; do sleep .1; done")
        seen = node.sh(
            "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; systemctl show 'community-sematext*' probe;"
            f"systemctl cat 'community-sematext*' probe; journalctl --all --output=verbose; grep -r . {SPOOL}"
        )
        readable = (
            "read -r token; find / -xdev -perm /o+r -type f -newer /etc/hostname -exec grep -l $token {} + || true"
        )
        assert node.sh(readable, f"{TOKEN}\n") == ""
        assert "Starting Probe" in seen
        assert TOKEN not in seen + done.output
        assert "0 700" in node.sh(f"stat -c '%u %a' {SPOOL}")

    def test_applying_it_again_changes_nothing(self, spooling: Role, node: Node) -> None:
        assert not spooling.apply().changed

    @pytest.mark.parametrize(
        "unit, sentence",
        [
            ("RootDirectory=/srv\n", "has RootDirectory=/srv"),
            ("TemporaryFileSystem=/var\n", "which hides /var/spool/community-sematext"),
            ("BindPaths=/srv:/var/spool\n", "which hides /var/spool/community-sematext"),
        ],
    )
    def test_a_unit_that_would_break_its_hooks_is_told(
        self, unit: str, sentence: str, spooling: Role, node: Node
    ) -> None:
        probe(node, unit)
        run = spooling.play({"es-node-1": {}})
        assert run.code != 0 and sentence in " ".join(run.output.split()) and "Leave this service out" in run.output

    def test_a_start_time_out_shorter_than_a_direct_hook_is_told(self, spooling: Role, node: Node) -> None:
        probe(node, "TimeoutStartSec=3\n")
        run = spooling.play({"es-node-1": {"delivery": "direct"}})
        assert run.code != 0 and "TimeoutStartSec=3" in run.output

    @pytest.mark.parametrize("wrong", ["token", "receiver"])
    def test_verify_tells_what_is_wrong(self, wrong: str, spooling: Role, node: Node, receiver: Receiver) -> None:
        own = {"app_token": "wrong"} if wrong == "token" else {"event_receiver_url": "http://127.0.0.1:1"}
        run = spooling.play({"es-node-1": {"verify": True, **own}})
        text = " ".join(run.output.split())
        assert run.code != 0
        assert ("refuses the App token" if wrong == "token" else "refuses the connection") in text
        done = spooling.apply(verify=True)
        assert "changed=" in done.output
        assert any(event["type"] == "server_events_test" for event in receiver.events())


def test_hooks_that_send_can_become_hooks_that_record_and_back(spooling: Role, node: Node, receiver: Receiver) -> None:
    probe(node)
    with contextlib.ExitStack() as stack:
        stack.callback(spooling.apply)
        spooling.apply(delivery="direct")
        assert "curl" in node.sh(f"cat {DROP_IN.format('probe')}")
        assert node.run("test", "-e", SPOOL).returncode == 1
        node.sh("systemctl start probe")
        assert "timestamp" not in receiver.wait_for(1)[0]


def test_a_shutdown_sends_what_it_stops(spooling: Role, node: Node, receiver: Receiver) -> None:
    """The stop of a service that stops before the network arrives before the end of the node."""
    node.sh("systemctl start elasticsearch")
    receiver.wait_for(2)
    node.reboot()
    types = [event["type"] for event in receiver.events()]
    assert types == ["server_start", "server_started", "server_stopping", "server_stop"]
