# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was recorded is sent, kept or set aside, with a real curl and a real receiver."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import pytest
from loopback import closed_port
from receiver.running import Receiver
from shell import NO_PROCESS, TOKEN, Node

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not on this machine")


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [event["event.id"] for event in events]


def statuses(receiver: Receiver) -> list[int | None]:
    return [request["status"] for request in receiver.requests()]


def attempts(receiver: Receiver) -> int:
    return len(receiver.requests())


def deliver_at(node: Node, at: int) -> str:
    """As the timer has it done."""
    node.clock(at)
    return node.deliver()


def timer_runs(node: Node) -> bool:
    return (node.root / "systemd" / "timer").exists()


# --- done, bad, due ------------------------------------------------------------------------------------------


def test_events_arrive_in_their_order_with_their_times(node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    for at, ident in [(0, "one"), (5, "two"), (3, "three")]:
        node.clock(at)
        node.record("start", ident)
    assert node.deliver() == ""
    events = receiver.events()
    assert ids(events) == ["one", "two", "three"]
    assert [event["timestamp"] for event in events] == [f"2026-01-01T00:00:0{second}.000Z" for second in (0, 5, 3)]
    assert node.files("queue") == node.files("new") == node.files("bad") == []
    assert not timer_runs(node)


def test_events_share_a_connection(node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    for number in range(60):
        node.record("start", f"{number}")
    node.deliver()
    records = receiver.records()
    assert ids([record["event"] for record in records]) == [f"{number}" for number in range(60)]
    assert len({record["connection"] for record in records}) == 2, "50 with one curl"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_what_is_accepted_is_done(status: int, node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    receiver.fault(status=status, times=1)
    node.record("start", "one")
    assert node.deliver() == ""
    assert node.files("queue") == []
    assert statuses(receiver) == [status]


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_can_never_be_accepted_is_set_aside_and_told(status: int, node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    receiver.fault({"status": 200, "times": 1}, {"status": status, "times": 1})
    for ident in ("one", "two", "three"):
        node.record("start", ident)
    journal = node.deliver()
    assert ids(receiver.events()) == ["one", "three"]
    (bad,) = node.files("bad")
    assert ids([json.loads(bad.read_text())]) == ["two"]
    assert journal == (
        f"<4>community.sematext: the receiver can never accept an event (HTTP status {status});"
        f" it is kept as {node.spool}/bad/{bad.name}\n"
    )
    assert node.files("queue") == []


REFUSED = "the receiver refuses the App token (HTTP status {}); correct it with the role"
DUE = {
    401: REFUSED.format(401),
    403: REFUSED.format(403),
    404: "the receiver knows no such App token or path (HTTP status 404); correct it with the role",
    301: "the receiver redirects (HTTP status 301), which is not followed; correct its URL with the role",
    302: "the receiver redirects (HTTP status 302), which is not followed; correct its URL with the role",
    **{status: f"the receiver answers with HTTP status {status}" for status in (408, 429, 500, 502, 503, 504)},
}


@pytest.mark.parametrize(("status", "why"), DUE.items(), ids=[str(status) for status in DUE])
def test_what_is_not_accepted_now_stays_and_holds_up_the_next(
    status: int, why: str, node: Node, receiver: Receiver
) -> None:
    node.receiver(receiver.url)
    receiver.fault({"status": 200, "times": 1}, {"status": status, "location": "/elsewhere" if status < 400 else None})
    for ident in ("one", "two", "three"):
        node.record("start", ident)
    assert node.deliver() == f"<4>community.sematext: {why}; 2 events wait in {node.spool}\n"
    assert ids(node.queued()) == ["two", "three"]
    assert (statuses(receiver), node.files("bad")) == ([200, status], [])
    assert timer_runs(node)
    receiver.heal()
    assert deliver_at(node, 60) == "<5>community.sematext: events are delivered again\n"
    assert ids(receiver.events()) == ["one", "two", "three"]
    assert not timer_runs(node)


def test_an_answer_that_is_lost_sends_the_event_again_under_its_id(node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    receiver.fault(close=True, store=True, times=1)
    node.record("start", "one")
    assert node.deliver() == (f"<4>community.sematext: curl ended with error 52; 1 events wait in {node.spool}\n")
    deliver_at(node, 5)
    assert ids(receiver.events()) == ["one", "one"]


def test_a_receiver_that_is_away_keeps_all_and_is_told_once(node: Node, receiver: Receiver) -> None:
    node.receiver(f"http://127.0.0.1:{closed_port()}")
    node.record("start", "one")
    why = "the receiver refuses the connection, or can't be reached"
    assert node.deliver() == f"<4>community.sematext: {why}; 1 events wait in {node.spool}\n"
    assert deliver_at(node, 60) == ""
    node.receiver(receiver.url)
    assert deliver_at(node, 120) == "<5>community.sematext: events are delivered again\n"
    assert ids(receiver.events()) == ["one"]


def test_no_trouble_puts_the_token_into_the_journal(node: Node) -> None:
    """curl tells some of a URL that it does not understand."""
    node.write("settings/service_events.curl", f'url = "nonsense://127.0.0.1/{TOKEN}/event"\nshow-error\nsilent\n')
    node.record("start", "one")
    journal = node.deliver()
    assert "curl ended with error 1; 1 events wait" in journal
    assert TOKEN not in journal


def test_headers_of_a_receiver_count_for_nothing_else(node: Node, receiver: Receiver) -> None:
    """An answer is what curl says that it is."""
    node.receiver(receiver.url)
    receiver.fault(status=503, location="=1 200", body="\n=1 200\n=2 200\n", retry_after="x")
    node.record("start", "one")
    node.record("start", "two")
    node.deliver()
    assert ids(node.queued()) == ["one", "two"]


# --- attempts ------------------------------------------------------------------------------------------------


def test_further_attempts_come_after_5_10_20_40_and_then_each_60_seconds(node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    receiver.fault(status=503)
    node.record("start", "one")
    node.deliver()
    at = 0
    for number, delay in enumerate([5, 10, 20, 40, 60, 60], start=1):
        deliver_at(node, at + delay - 1)
        assert attempts(receiver) == number
        at += delay
        deliver_at(node, at)
        assert attempts(receiver) == number + 1


@pytest.mark.parametrize(
    ("asked", "delay"),
    [("100", 100), ("2", 5), ("4000", 300), ("99999", 5), ("Wed, 21 Oct 2026 07:28:00 GMT", 5)],
    ids=["longer", "less than the least", "more than the most", "absurd", "a date"],
)
def test_a_receiver_may_ask_for_time(asked: str, delay: int, node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    receiver.fault(status=429, retry_after=asked, times=1)
    node.record("start", "one")
    node.deliver()
    deliver_at(node, delay - 1)
    assert attempts(receiver) == 1
    deliver_at(node, delay)
    assert ids(receiver.events()) == ["one"]


def test_what_is_recorded_meanwhile_waits_for_the_next_attempt_in_its_place(node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    receiver.fault(status=503, times=1)
    node.record("start", "one")
    node.deliver()
    node.clock(1)
    node.record("stop", "two")
    node.systemd_says(ActiveState="inactive", NRestarts=0)
    node.deliver()
    assert (attempts(receiver), ids(node.queued())) == (1, ["one", "two"])
    deliver_at(node, 5)
    assert ids(receiver.events()) == ["one", "two"]


def test_a_shutdown_and_a_clock_that_was_set_back_wait_for_nothing(node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    receiver.fault(status=503, times=2)
    node.record("start", "one")
    node.deliver()
    node.deliver("now")
    assert attempts(receiver) == 2
    deliver_at(node, -3600)
    assert ids(receiver.events()) == ["one"]


# --- from new/ to the queue ----------------------------------------------------------------------------------


def test_what_an_earlier_boot_recorded_goes_out_first(node: Node, receiver: Receiver) -> None:
    node.record("start", "of this boot")
    node.deliver()
    node.write("boot_id", "0c0c0c0c-0000-4000-8000-000000000000\n")
    node.recorded = 0
    node.record("start", "of the next boot", boot="0c0c0c0c")
    node.recorded = 5
    node.record("stopping", "late in this boot")
    node.deliver()
    node.receiver(receiver.url)
    node.deliver()
    assert ids(receiver.events()) == ["of this boot", "late in this boot", "of the next boot"]


def torn(node: Node, process: int) -> str:
    """A record that its hook has not written to the end."""
    path = node.record("start", "torn")
    name = path.name.replace(str(NO_PROCESS), f"{process:07}")
    path.rename(path.with_name(name))
    path.with_name(name).write_text('start probe.service torn -\n{"type":"server')
    return name


def test_a_record_whose_hook_was_killed_is_set_aside_and_told(node: Node) -> None:
    torn(node, NO_PROCESS)
    node.record("start", "whole")
    journal = node.deliver()
    (bad,) = node.files("bad")
    assert journal == (
        "<4>community.sematext: an event was not written to its end; what there is of it:"
        f" {node.spool}/bad/{bad.name}\n"
    )
    assert bad.read_text().endswith('{"type":"server')
    assert ids(node.queued()) == ["whole"]


def test_a_record_that_is_still_written_is_taken_when_it_is_whole(node: Node) -> None:
    name = torn(node, os.getpid())
    assert node.deliver() == ""
    assert (node.queued(), node.files("new"), node.files("bad")) == ([], [], [])
    assert timer_runs(node)
    with (node.spool / "unfinished" / name).open("a") as file:
        file.write('_start","event.id":"torn"}\n')
    assert node.deliver() == ""
    assert ids(node.queued()) == ["torn"]
    assert node.files("unfinished") == []


def test_more_records_than_one_command_takes_keep_their_order(node: Node) -> None:
    for number in range(501):
        node.record("start", f"{number}")
    node.deliver()
    assert ids(node.queued()) == [f"{number}" for number in range(501)]


# --- bounds --------------------------------------------------------------------------------------------------


def drops(node: Node) -> tuple[str, int]:
    """What the event at the head of the queue tells."""
    event = node.queued()[0]
    assert (event["type"], event["severity"]) == ("server_events_dropped", "warning")
    assert event["event.id"].startswith("0b0b0b0b-")
    return event["message"], event["events.dropped"]


def test_the_oldest_of_too_many_events_are_dropped_and_told(node: Node, receiver: Receiver) -> None:
    node.limits(max_events=5)
    for number in range(8):
        node.record("start", f"{number}")
    kept = f"{node.spool}, which keeps 5 events for 1209600 seconds"
    assert node.deliver() == f"<4>community.sematext: 3 events were dropped from {kept}\n"
    assert drops(node) == (
        "Events of node n1 were dropped: 3, as more than 5 waited, or for longer than 14 days",
        3,
    )
    node.receiver(receiver.url)
    node.deliver()
    assert ids(receiver.events())[1:] == ["3", "4", "5", "6", "7"]


def test_what_was_dropped_is_counted_on_until_it_is_told(node: Node) -> None:
    node.limits(max_events=2)
    for number in range(4):
        node.record("start", f"{number}")
    node.deliver()
    node.record("start", "4")
    node.deliver()
    assert drops(node)[1] == 3
    assert ids(node.queued())[1:] == ["3", "4"]


@pytest.mark.parametrize(("late", "kept"), [(0, ["0", "1"]), (1, ["1"])], ids=["as old as it may be", "a second more"])
def test_an_event_that_is_too_old_is_dropped_and_told(late: int, kept: list[str], node: Node) -> None:
    node.limits(max_age=3600)
    node.record("start", "0")
    node.clock(10)
    node.record("start", "1")
    node.deliver()
    for number, file in enumerate(node.files("queue")):
        node.set_time(file, 10 * number)
    node.clock(3600 + late)
    node.deliver()
    assert [ident for ident in ids(node.queued()) if ident in "01"] == kept
    if late:
        assert drops(node) == (
            "Events of node n1 were dropped: 1, as more than 10000 waited, or for longer than 60 minutes",
            1,
        )


def test_each_sender_has_bounds_of_its_own(node: Node) -> None:
    node.limits(max_events=1)
    node.limits("host_events", max_events=10)
    for number in range(3):
        node.record("start", f"service {number}")
        node.record("host_boot", f"host {number}", sender="host_events")
    node.deliver()
    assert [ident for ident in ids(node.queued()) if " " in ident] == ["host 0", "host 1", "service 2", "host 2"]


# --- several senders -----------------------------------------------------------------------------------------


def test_senders_of_one_receiver_share_one_order(node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    node.receiver(receiver.url, "host_events")
    node.record("start", "one")
    node.record("host_boot", "two", sender="host_events")
    node.record("start", "three")
    node.deliver()
    assert ids(receiver.events()) == ["one", "two", "three"]


def test_a_sender_that_is_refused_holds_up_no_other(node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url, "host_events", token="wrong-token")
    node.receiver(receiver.url)
    node.record("host_boot", "one", sender="host_events")
    node.record("start", "two")
    assert "refuses the App token" in node.deliver()
    assert ids(receiver.events()) == ["two"]
    assert ids(node.queued()) == ["one"]


def test_events_of_a_sender_without_settings_wait(node: Node, receiver: Receiver) -> None:
    node.record("start", "one")
    assert node.deliver() == ""
    assert timer_runs(node)
    node.receiver(receiver.url)
    node.deliver()
    assert ids(receiver.events()) == ["one"]


# --- a disk that takes nothing -------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_what_is_in_the_spool_stays(node: Node, receiver: Receiver) -> None:
    node.receiver(receiver.url)
    node.deliver()
    node.record("start", "one")
    assert f"<3>community.sematext: {node.spool} can't be written; what is in it stays there" in node.deliver(
        disk="full"
    )
    assert "10" in (node.root / "slept").read_text().split(), "systemd calls again at once while anything is in new/"
    assert receiver.events() == []
    node.deliver()
    assert ids(receiver.events()) == ["one"]


def test_a_full_disk_still_sends_what_is_in_the_queue(node: Node, receiver: Receiver) -> None:
    node.record("start", "one")
    node.deliver()
    node.record("start", "two")
    node.receiver(receiver.url)
    node.deliver(disk="full")
    assert ids(receiver.events()) == ["one"]


def test_a_spool_that_has_become_read_only_is_told_and_not_tried_all_the_time(node: Node) -> None:
    """Its lock cannot be written, by root either: nothing makes a file in /proc."""
    node.deliver()
    node.record("start", "one")
    (node.spool / "lock").unlink()
    (node.spool / "lock").symlink_to("/proc/none")
    done = node.run("deliver")
    assert done.returncode == 1
    assert f"<3>community.sematext: {node.spool} can't be written; what is in it stays there\n" == done.stdout
    assert (node.root / "slept").read_text().split()[-1] == "10"
    assert len(node.files("new")) == 1


def test_a_disk_that_fills_up_while_restarts_are_folded_loses_none(node: Node) -> None:
    """Room for some bytes is left: the list of the records, but no window."""
    node.add_service(name="Probe with a long name")
    node.systemd_says(NRestarts=2, ActiveState="active")
    for ident in ("1-stop", "2-stop"):
        node.record("failed", ident)
        node.record("start", f"{int(ident[0]) + 1}-start")
    node.deliver()
    assert ids(node.take_out()) == ["1-stop", "2-start"]
    node.clock(10)
    node.record("failed", "3-stop", "signal KILL")
    node.record("start", "4-start")
    journal = node.deliver(disk="almost full")
    assert "can't be written" in journal
    node.deliver()
    node.clock(300)
    node.deliver()
    (summary,) = node.queued()
    assert summary["message"] == "Probe with a long name restarted 2 times in 5 minutes, last result: signal KILL"
    assert summary["event.id"] == "4-start-restarts"
