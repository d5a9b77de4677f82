# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is interrupted or killed has one end, which says so, whoever lives to tell of it."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
from typing import Any

import pytest

from .reporting import Reporting, debug, in_order, play, wait_until, warnings

#: More than any test takes.
ENDLESS = 600
#: Seconds that ansible-core gets to end after a signal. On an interrupt it sometimes hangs, without any callback too.
PATIENCE = 20


def endless(reporting: Reporting) -> list[dict[str, Any]]:
    """A play that goes on until it is killed. There is a file once its task runs."""
    command = f"touch {reporting.folder}/running; exec sleep {ENDLESS}"
    return [play(debug(), {"name": "Take for ever", "ansible.builtin.raw": command})]


def start_endless(reporting: Reporting, delivered: bool = True, **settings: Any) -> Any:
    run = reporting.start(endless(reporting), **settings)
    wait_until((reporting.folder / "running").exists, "the task runs")
    if delivered:
        reporting.receiver.wait_for(1)
    (reporting.folder / "running").unlink()
    return run


def wait_for_end_of(run: Any) -> None:
    """Wait for ansible-playbook to end after a signal, and help where core hangs."""
    try:
        run.process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        run.process.kill()
        run.process.wait()


def ends(reporting: Reporting) -> dict[str, list[dict[str, Any]]]:
    """The ends at the receiver, by run."""
    found: dict[str, list[dict[str, Any]]] = {}
    for event in reporting.receiver.events():
        if event.get("ansible.run.state") == "started":
            found.setdefault(event["ansible.run.id"], [])
    for event in reporting.receiver.events():
        if event.get("ansible.run.state") == "ended":
            found[event["ansible.run.id"]].append(event)
    return found


SIGNALS = {
    "killed": lambda run: run.process.kill(),
    "terminated": lambda run: run.process.terminate(),
    "interrupted": lambda run: run.process.send_signal(signal.SIGINT),
    "interrupted from the keyboard": lambda run: os.killpg(run.process.pid, signal.SIGINT),
    "hung up": lambda run: os.killpg(run.process.pid, signal.SIGHUP),
}


@pytest.mark.parametrize("how", SIGNALS)
def test_a_run_that_is_ended_by_a_signal(reporting: Reporting, how: str) -> None:
    run = start_endless(reporting)
    (start,) = reporting.receiver.events()
    SIGNALS[how](run)
    wait_for_end_of(run)
    reporting.receiver.wait_for(2)
    reporting.wait_until_idle()
    _start, end = in_order(reporting.receiver.events())
    assert end["ansible.run.id"] == start["ansible.run.id"]
    assert (end["ansible.run.outcome"], end["severity"]) == ("interrupted", "warning")
    assert end["title"] == "Playbook playbook0.yml was interrupted"
    assert end["timestamp"] > start["timestamp"]
    assert "ansible.tasks.ok" not in end
    assert (reporting.waiting(), reporting.markers()) == ([], [])
    assert warnings(run.finish()) == []


def kill_all(reporting: Reporting, run: Any) -> None:
    """What happens in a container that is torn down."""
    for child in reporting.children():
        child.kill()
    run.process.kill()
    run.process.wait()
    reporting.wait_until_idle()


def test_a_run_that_was_killed_with_its_child_is_ended_by_the_next_one(reporting: Reporting) -> None:
    run = start_endless(reporting)
    kill_all(reporting, run)
    (start,) = reporting.receiver.events()
    (marker,) = reporting.markers()
    moment = int(marker.stat().st_mtime) + 100
    os.utime(marker, (moment, moment))
    assert warnings(reporting([play(debug())])) == []
    (end,) = ends(reporting)[start["ansible.run.id"]]
    assert end["ansible.run.outcome"] == "interrupted"
    assert "was interrupted (last sign of life after 1 min " in end["message"]
    assert dt.datetime.fromisoformat(end["timestamp"].replace("Z", "+00:00")).timestamp() == moment
    assert reporting.markers() == []
    reporting([play(debug())])
    assert [len(found) for found in ends(reporting).values()] == [1, 1, 1]


def test_several_runs_find_a_killed_one_and_end_it_once(reporting: Reporting) -> None:
    kill_all(reporting, start_endless(reporting))
    runs = [reporting.start([play(debug())]) for _number in range(4)]
    assert [warnings(run.finish()) for run in runs] == [[]] * 4
    assert [len(found) for found in ends(reporting).values()] == [1] * 5


def test_a_run_that_goes_on_is_not_ended_by_another(reporting: Reporting) -> None:
    run = start_endless(reporting)
    reporting([play(debug())])
    assert sorted(map(len, ends(reporting).values())) == [0, 1]
    assert len(reporting.markers()) == 1
    run.process.kill()
    reporting.receiver.wait_for(4)
    assert sorted(map(len, ends(reporting).values())) == [1, 1]


def test_an_interruption_while_the_receiver_is_down_comes_with_the_next_run(reporting: Reporting) -> None:
    reporting.receiver.fault(status=503)
    run = start_endless(reporting, delivered=False, env={"SEMATEXT_TIME_BUDGET": "1"})
    run.process.kill()
    run.process.wait()
    wait_until(lambda: len(reporting.waiting()) == 2, "the end is recorded")
    recorded = in_order(reporting.waiting())
    reporting.wait_until_idle()
    reporting.receiver.heal()
    assert warnings(reporting([play(debug())])) == []
    assert in_order(reporting.receiver.events())[:2] == recorded
    assert [len(found) for found in ends(reporting).values()] == [1, 1]


def test_the_second_playbook_of_a_command_is_the_one_that_is_interrupted(reporting: Reporting) -> None:
    run = reporting.start([play(debug())], endless(reporting))
    wait_until((reporting.folder / "running").exists, "the task runs")
    run.process.kill()
    reporting.receiver.wait_for(4)
    reporting.wait_until_idle()
    outcomes = {found[0]["ansible.playbook"]: found[0]["ansible.run.outcome"] for found in ends(reporting).values()}
    assert outcomes == {"playbook0.yml": "succeeded", "playbook1.yml": "interrupted"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_a_run_that_only_waits_for_delivery_is_over(reporting: Reporting, number: int) -> None:
    """Who loses patience then has interrupted nothing."""
    reporting.receiver.fault(hang=True)
    env = {"SEMATEXT_TIME_BUDGET": str(ENDLESS), "SEMATEXT_TIMEOUT": "300"}
    run = reporting.start([play(debug())], env=env)
    wait_until(lambda: "PLAY RECAP" in run.output(), "the run is over")
    wait_until(lambda: len(reporting.waiting()) == 2, "its end is recorded")
    wait_until(lambda: not reporting.markers(), "its end is published")
    run.process.send_signal(number)
    result = run.finish()
    assert "Traceback" not in result.output
    assert "KeyboardInterrupt" not in result.output
    if number == signal.SIGINT:
        assert result.rc == 0
    for child in reporting.children():  # it would try for as long as the budget allows
        child.kill()
    reporting.receiver.heal()
    assert warnings(reporting([play(debug())])) == []
    assert [found[0]["ansible.run.outcome"] for found in ends(reporting).values()] == ["succeeded"] * 2
    assert [len(found) for found in ends(reporting).values()] == [1, 1]


def test_the_workers_of_a_killed_run_do_not_keep_its_child(reporting: Reporting) -> None:
    """They hold the pipe to it open."""
    run = start_endless(reporting)
    run.process.kill()
    reporting.receiver.wait_for(2)
    reporting.wait_until_idle()
    assert reporting.workers()
