# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many runs at once, and many that are killed at random moments. SOAK_SEED repeats the choices of an earlier part."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from callback.reporting import LONG, Reporting, change, fail, play, wait_until, warnings
from receiver.front import Front

pytestmark = [pytest.mark.full, pytest.mark.timeout(7200)]
AT_ONCE = 20
#: Runs that each part of the last test kills; the parts run side by side.
KILLED, PARTS = 50, 4
#: Seconds that a run gets to end after a signal. On an interrupt ansible-core itself sometimes hangs.
PATIENCE = 20
MODES = ("pass", "pass", "refuse", "hang", "reset")


def stories(events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The distinct events of each run."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for event in events:
        found.setdefault(event["ansible.run.id"], {})[event["event.id"]] = event
    return {run_id: list(distinct.values()) for run_id, distinct in found.items()}


def states(story: list[dict[str, Any]]) -> Counter[str]:
    others = {"ansible_failure": "failure", "infrastructure": "change"}
    return Counter(event.get("ansible.run.state") or others[event["type"]] for event in story)


def test_many_runs_at_once_share_a_spool(reporting: Reporting) -> None:
    plays = [play(change(), fail(), name="First"), play(change(), hosts="nobody")]
    runs = [reporting.start(plays, hosts=3) for _number in range(AT_ONCE)]
    results = [run.finish(600) for run in runs]
    assert [(result.rc, warnings(result)) for result in results] == [(2, [])] * AT_ONCE
    events = reporting.receiver.events()
    found = stories(events)
    assert len(found) == AT_ONCE
    assert {tuple(sorted(states(story).items())) for story in found.values()} == {
        (("change", 3), ("ended", 1), ("failure", 3), ("started", 1))
    }
    assert len(events) == AT_ONCE * 8  # none twice
    assert (reporting.waiting(), reporting.markers()) == ([], [])


def test_thousands_of_hosts_are_a_few_events(reporting: Reporting) -> None:
    plays = [play(change(), fail(when="inventory_hostname is match('host.*[05]$')"))]
    run = reporting.start(plays, hosts=2000, args=["--forks", "50"])
    result = run.finish(900)
    assert (result.rc, warnings(result)) == (2, [])
    events = reporting.receiver.events()
    (changed,) = [event for event in events if event["type"] == "infrastructure"]
    assert (changed["ansible.hosts.changed"], len(changed["ansible.changed_hosts"])) == (2000, 100)
    *single, rest = [event for event in events if event["type"] == "ansible_failure"]
    assert (len(single), rest["ansible.hosts.failed"]) == (20, 380)
    assert len(events) == 24


class Soak:
    """Starts runs and ends them in all ways, while the receiver comes and goes; keeps account of what was recorded."""

    def __init__(self, reporting: Reporting, front: Front, chance: random.Random) -> None:
        self._reporting, self._front, self._chance = reporting, front, chance
        self.recorded: dict[str, dict[str, Any]] = {}
        self.how: Counter[str] = Counter()
        self.hung = 0

    def one(self) -> None:
        """One run, ended at a random moment."""
        mode = self._chance.choice((*MODES, "flapping"))
        if mode != "flapping":
            self._front.mode(mode)
        command = "sleep 0.3; exit 1"
        tasks = [
            {"name": f"Task {number}", "ansible.builtin.raw": command, "ignore_errors": True} for number in range(8)
        ]
        env = {"SEMATEXT_TIME_BUDGET": "1", "SEMATEXT_TIMEOUT": "1"}
        plays = [play(fail(when="inventory_hostname == 'host2'"), *tasks)]
        run = self._reporting.start(plays, hosts=2, url=self._front.url, env=env)
        moment = time.monotonic() + self._chance.uniform(0.2, 3.5)
        while time.monotonic() < moment and run.process.poll() is None:
            if mode == "flapping":
                self._front.mode(self._chance.choice(MODES))
            self._look()
            time.sleep(0.05)
        how = self._chance.choice(("KILL", "TERM", "INT", "KILL group", "INT group", "HUP", "tree", "nothing"))
        self.how[f"{how} ({mode})"] += 1
        self._end(run, how)
        self._look()

    def _look(self) -> None:
        """What lies in the spool now has been recorded."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            for event in self._reporting.waiting():
                self.recorded[event["event.id"]] = event

    def _end(self, run: Any, how: str) -> None:
        name, _space, group = how.partition(" ")
        if run.process.poll() is None and how != "nothing":
            if how == "tree":
                for child in self._reporting.children():
                    with contextlib.suppress(psutil.Error):
                        child.kill()
                name = "KILL"
            number = getattr(signal, f"SIG{name}")
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if group else os.kill)(run.process.pid, number)
        try:
            run.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.hung += 1
            run.process.kill()
            run.process.wait()


@pytest.mark.parametrize("part", range(PARTS))
def test_runs_that_are_killed_at_random_moments_lose_nothing(
    reporting: Reporting, front: Front, part: int, record_property: Callable[[str, str], None]
) -> None:
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(10**6)) + part
    soak = Soak(reporting, front, random.Random(seed))
    for _number in range(KILLED):
        soak.one()
    reporting.wait_until_idle()
    front.mode("pass")
    for _time in range(2):  # the first one may close runs that the second one sees closed
        result = reporting([play(change())], url=front.url)
        assert warnings(result) == [], f"seed {seed}"
    wait_until(lambda: not reporting.children(), "no child is left", LONG)
    events = reporting.receiver.events()
    found = stories(events)
    repeated = {
        event_id: number for event_id, number in Counter(event["event.id"] for event in events).items() if number > 1
    }
    ends = Counter(states(story)["ended"] for story in found.values())
    lost = [event for event_id, event in soak.recorded.items() if event_id not in {each["event.id"] for each in events}]
    outcomes = Counter(
        event["ansible.run.outcome"] for story in found.values() for event in story if "ansible.run.outcome" in event
    )
    record_property(
        "runs killed at random moments",
        f"seed {seed}: {KILLED} runs ended in {len(soak.how)} ways, {len(found) - 2} of them had"
        f" begun; {len(events)} events arrived, {len(repeated)} of them more than once,"
        f" {len(soak.recorded)} were seen in the spool, {len(lost)} lost; ends per run {dict(ends)};"
        f" outcomes {dict(outcomes)}; ansible-core hung {soak.hung} times",
    )
    assert lost == [], f"seed {seed}"
    assert set(ends) == {1}, f"seed {seed}"
    assert all(states(story)["started"] <= 1 for story in found.values()), f"seed {seed}"
    assert all(states(story)["failure"] <= 1 for story in found.values()), f"seed {seed}"
    assert (reporting.waiting(), reporting.markers()) == ([], [])
